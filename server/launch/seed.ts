/**
 * The launcher's seeding step, as a process of its own so that the launcher stays small: people, participants and the
 * seeded sagas (server/seed.ts), then one-time sign-in links as one line of JSON.
 */
import { createPrisma } from '@/runtime/postgres/prisma'
import { seed, signInLinks } from '@/server/seed'

const { DATABASE_URL, NEXTAUTH_URL, SAGAWRIGHT_DEMO_URL } = process.env
if (!DATABASE_URL || !NEXTAUTH_URL || !SAGAWRIGHT_DEMO_URL)
  throw new Error('This runs inside npm start, which says where the database and the services are')

const prisma = createPrisma(DATABASE_URL)
try {
  await seed(prisma, { demoUrl: SAGAWRIGHT_DEMO_URL })
  console.log(JSON.stringify({ links: await signInLinks(prisma, NEXTAUTH_URL) }))
} finally {
  await prisma.$disconnect()
}
