/** What a sign-in error code means, in words; and where one may be sent afterwards. */

const WORDS: Record<string, string> = {
  CredentialsSignin: 'E-mail or password is wrong.',
  TooManyTries: 'Too many failed tries. Wait ten minutes, or use a sign-in link.',
  LinkUsed: 'This link was used already or has expired. Ask for a new one.',
  AccessDenied: 'Nobody with this e-mail may sign in here. Ask an admin to add you.',
  SessionRequired: 'Sign in to go on.',
}

export function signInError(code: string): string {
  return WORDS[code] ?? `Signing in failed (${code}). Try again, or use a sign-in link.`
}

/** A path of this site, or `/`: an address from the URL must not lead anywhere else. */
export function safeCallback(url: string, origin: string): string {
  try {
    const target = new URL(url, origin)
    if (target.origin !== origin || target.pathname.startsWith('/sign-in')) return '/'
    return target.pathname + target.search + target.hash
  } catch {
    return '/'
  }
}
