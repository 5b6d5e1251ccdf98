import type { DefaultSession } from 'next-auth'

declare module 'next-auth' {
  interface Session {
    user: { id: string } & DefaultSession['user']
  }
  interface User {
    vouchers?: string[]
  }
}

declare module 'next-auth/jwt' {
  interface JWT {
    /** The user's id. */
    uid: string
    /** When they signed in, seconds since the epoch. */
    since: number
    /** The person's session generation at that time; 0 where nothing is said. */
    generation?: number
    /** See vouchers.ts; nobody where nothing is said. */
    vouchers?: string[]
  }
}
