/**
 * `sagawright link`: new one-time sign-in links for the seeded people, when those that `npm start` printed are used up.
 */
import { createPrisma } from '@/runtime/postgres/prisma'
import { openInstance } from '@/server/launch/environment'
import { signInLinks } from '@/server/seed'
import { output } from './output'

/** Exit code 1 when nobody has that role. */
export async function printLinks(role: string | undefined): Promise<number> {
  const instance = await openInstance()
  const prisma = createPrisma(instance.env.DATABASE_URL ?? '')
  try {
    if (!instance.origin) output.error('The server does not run now; the link works once it does.')
    const origin = instance.env.NEXTAUTH_URL ?? 'http://127.0.0.1:3000'
    const links = (await signInLinks(prisma, origin)).filter(
      (link) => role === undefined || link.role.toLowerCase() === role.toLowerCase(),
    )
    for (const link of links) output.print(`${link.role.toLowerCase().padEnd(9)} ${link.url}`)
    if (links.length === 0) output.error(`Nobody is seeded with the role ${role}`)
    return links.length > 0 ? 0 : 1
  } finally {
    await prisma.$disconnect()
    await instance.close()
  }
}
