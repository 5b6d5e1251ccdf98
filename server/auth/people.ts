/**
 * The people who may sign in, as every request asks for them: by id, through a cache of two seconds, so that a person
 * who was disabled, or has signed out, is refused at once here and within two seconds in other processes.
 */
import type { PrismaClient } from '@/prisma/generated/client'
import { permissionsOf, type Role } from './permissions'
import type { Principal } from './principal'
import { ShortCache } from './short-cache'

const SEEN_EVERY_MS = 5 * 60_000

interface Person {
  id: string
  email: string
  name: string
  roles: Role[]
  disabled: boolean
  sessionGeneration: number
}

/** What a session says of itself. */
export interface SessionFacts {
  userId: string
  generation: number
  vouchers: readonly string[]
}

export class People {
  readonly #db: PrismaClient
  readonly #cache = new ShortCache<Person | null>({ ttlMs: 2_000, max: 10_000 })

  constructor(db: PrismaClient) {
    this.#db = db
  }

  /** The person as caller, or why the session does not count. */
  async principal(
    session: SessionFacts,
  ): Promise<{ principal: Principal; refusal: null } | { principal: null; refusal: string }> {
    const { userId, generation, vouchers } = session
    const person = await this.#cache.get(userId, () => this.#load(userId))
    if (!person || person.disabled)
      return { principal: null, refusal: 'This account is disabled or gone. Ask an admin.' }
    if (person.sessionGeneration !== generation)
      return { principal: null, refusal: 'This session has ended. Sign in again.' }
    return { principal: principalOf(person, vouchers), refusal: null }
  }

  /** Ends every session of that generation or before. Called at sign-out. */
  async endSessions(userId: string, generation: number): Promise<void> {
    await this.#db.user.updateMany({
      where: { id: userId, sessionGeneration: generation },
      data: { sessionGeneration: { increment: 1 } },
    })
    this.forget(userId)
  }

  /** Call it when a person was changed. */
  forget(userId: string): void {
    this.#cache.forget(userId)
  }

  async #load(userId: string): Promise<Person | null> {
    const user = await this.#db.user.findUnique({ where: { id: userId } })
    if (!user) return null
    if (!user.disabledAt && Date.now() - (user.lastSeenAt?.getTime() ?? 0) > SEEN_EVERY_MS)
      await this.#db.user.update({ where: { id: userId }, data: { lastSeenAt: new Date() } })
    return { ...user, disabled: user.disabledAt !== null }
  }
}

function principalOf(person: Person, vouchers: readonly string[]): Principal {
  return {
    kind: 'user',
    userId: person.id,
    email: person.email,
    name: person.name,
    roles: person.roles,
    permissions: permissionsOf(person.roles),
    vouchers,
    actor: { kind: 'user', id: person.id, name: person.name },
  }
}
