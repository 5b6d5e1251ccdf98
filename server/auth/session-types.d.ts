import type { DefaultSession } from 'next-auth'

declare module 'next-auth' {
  interface Session {
    user: { id: string } & DefaultSession['user']
  }
}

declare module 'next-auth/jwt' {
  interface JWT {
    /** The user's id. */
    uid: string
    /** When they signed in, seconds since the epoch. */
    since: number
  }
}
