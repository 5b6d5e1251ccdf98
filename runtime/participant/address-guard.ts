/**
 * Where a participant may be reached: the guard against making this server fetch what only it can see (SSRF).
 *
 * 1. The address is checked when the socket is opened, on the very addresses the socket then uses. A check of the host
 *    name, or a look-up before the connection, can be talked round by a name that answers differently the second time.
 * 2. Literal addresses never reach a look-up, so they are checked by themselves. The URL parser has by then turned
 *    decimal, octal, hexadecimal and short forms into dotted quads; IPv4 inside IPv6 is unpacked here.
 * 3. If any address of a name is refused, the name is refused.
 * 4. `allowPrivateNetwork` opens loopback and private networks and plain http, never link-local addresses: that is
 *    where clouds keep their credentials.
 */
import { lookup as dnsLookup, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Error code of a refused address, and of the step failure it becomes. */
export const ADDRESS_REFUSED = 'ADDRESS_REFUSED'

const PRIVATE_RANGES: readonly string[] = ['loopback', 'private', 'uniqueLocal', 'carrierGradeNat']
/**
 * Where clouds answer for their own machines, outside the link-local ranges: they look public or private and are neither.
 * Azure's host service, Alibaba's and Oracle's metadata, AWS's and Google's on IPv6.
 */
const CLOUD_ADDRESSES: readonly string[] = [
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd20:ce::254',
]
const GLOBAL_V6 = ipaddr.IPv6.parseCIDR('2000::/3')
/** Ports on which something other than HTTP listens and might take a request for commands (WHATWG fetch, and databases). */
const BLOCKED_PORTS = new Set([
  ...[1025, 1433, 1521, 1719, 1720, 1723, 2049, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432],
  ...[5672, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042, 9092, 11211, 27017],
])

/** Null when the URL may be called, else what is wrong with it, in words for the person who typed it. */
export function endpointProblem(
  text: string,
  options: { allowPrivateNetwork: boolean; query?: boolean },
): string | null {
  if (!URL.canParse(text)) return 'This is not an absolute URL'
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'Only http and https are spoken'
  if (url.protocol === 'http:' && !options.allowPrivateNetwork)
    return 'Plain http is for private networks only: use https, or allow private networks'
  if (url.username || url.password) return 'Credentials do not belong in the URL'
  if (url.hash) return 'A fragment is never sent: leave it out'
  if (url.search && !options.query)
    return 'An endpoint has no query: operations are added to its path'
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  if (BLOCKED_PORTS.has(port) || (port < 1024 && port !== 443 && port !== 80))
    return `Port ${port} is not a port for HTTP`
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return isIP(host) ? addressProblem(host, options.allowPrivateNetwork) : null
}

/** Null when a socket may be opened to this IP address, else why not. */
export function addressProblem(address: string, allowPrivateNetwork: boolean): string | null {
  const withoutZone = address.replace(/%.*$/, '')
  if (!ipaddr.isValid(withoutZone)) return `${address} is not an IP address`
  const parsed = ipaddr.process(withoutZone)
  const range = parsed.range()
  if (CLOUD_ADDRESSES.includes(parsed.toString()))
    return `${address} is a cloud's own service, not a participant`
  if (allowPrivateNetwork && PRIVATE_RANGES.includes(range)) return null
  if (range === 'unicast' && !(parsed instanceof ipaddr.IPv6 && !parsed.match(GLOBAL_V6)))
    return null
  return PRIVATE_RANGES.includes(range) && !allowPrivateNetwork
    ? `${address} is in a private network (${range}); an admin can allow that for this participant`
    : `${address} is not a public address (${range})`
}

/** `dns.lookup` for `net.connect`, answering only with addresses that may be used. */
export function guardedLookup(allowPrivateNetwork: boolean): LookupFunction {
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, '')
      for (const { address } of addresses) {
        const problem = addressProblem(address, allowPrivateNetwork)
        if (problem !== null) return callback(refusal(`${hostname}: ${problem}`), '')
      }
      const first = addresses[0]
      if (!first) return callback(Object.assign(new Error(hostname), { code: 'ENOTFOUND' }), '')
      if (options.all) return callback(null, addresses)
      return callback(null, first.address, first.family)
    })
  }
}

/** The error a refused address becomes. */
export function refusal(message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code: ADDRESS_REFUSED })
}
