import { describe, expect, it } from 'vitest'
import {
  addressProblem,
  endpointProblem,
  guardedLookup,
} from '../../../runtime/participant/address-guard'

const open = { allowPrivateNetwork: false }
const closed = { allowPrivateNetwork: true }

describe('the address guard', () => {
  it.each([
    'https://127.0.0.1/',
    'https://2130706433/', // decimal
    'https://0x7f000001/', // hexadecimal
    'https://0177.0.0.1/', // octal
    'https://127.1/', // short
    'https://１２７.0.0.1/', // full-width digits
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/', // IPv4 in IPv6
    'https://[::ffff:7f00:1]/',
    'https://[::127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/', // NAT64
    'https://[2002:7f00:1::]/', // 6to4
    'https://10.0.0.1/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://100.64.0.1/', // carrier-grade NAT
    'https://169.254.169.254/', // cloud metadata
    'https://[fe80::1]/',
    'https://[fd00:ec2::254]/',
    'https://0.0.0.0/',
    'https://[::]/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://[4000::1]/', // outside of global unicast
  ])('refuses the literal %s', (url) => {
    expect(endpointProblem(url, open)).not.toBeNull()
  })

  it.each([
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/ops',
    'https://ledger.example.com:8443/a',
  ])('takes %s', (url) => {
    expect(endpointProblem(url, open)).toBeNull()
  })

  it.each([
    'http://127.0.0.1:3900/a',
    'http://10.1.2.3/',
    'http://[::1]:8080/',
    'https://[fd12::1]/',
  ])('takes %s where private networks are allowed', (url) => {
    expect(endpointProblem(url, closed)).toBeNull()
  })

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://[fd20:ce::254]/',
    'https://168.63.129.16/',
    'https://[::ffff:168.63.129.16]/',
    'http://100.100.100.200/latest/meta-data',
    'http://192.0.0.192/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://0.0.0.0:3900/',
    'http://224.0.0.1/',
  ])('refuses %s even there', (url) => {
    expect(endpointProblem(url, closed)).not.toBeNull()
  })

  it.each([
    ['ledger.example.com', 'absolute'],
    ['ftp://ledger.example.com/', 'http and https'],
    ['file:///etc/passwd', 'http and https'],
    ['http://ledger.example.com/', 'use https'],
    ['https://user:pass@ledger.example.com/', 'Credentials'],
    ['https://ledger.example.com/#a', 'fragment'],
    ['https://ledger.example.com/?a=1', 'query'],
    ['https://ledger.example.com:22/', 'Port 22'],
    ['https://ledger.example.com:6379/', 'Port 6379'],
  ])('refuses %s: %s', (url, words) => {
    expect(endpointProblem(url, open)).toContain(words)
  })

  it('says that an admin can allow a private address', () => {
    expect(addressProblem('10.0.0.1', false)).toContain('admin')
  })

  it('refuses a name that resolves to a private address, when it is resolved', async () => {
    const error = await new Promise((resolve) =>
      guardedLookup(false)('localhost', { all: true }, resolve),
    )
    expect(error).toMatchObject({ code: 'ADDRESS_REFUSED' })
  })

  it('answers with the addresses it checked, in both forms that sockets ask for', async () => {
    const lookup = guardedLookup(true)
    const all = await new Promise((resolve) =>
      lookup('localhost', { all: true }, (_, addresses) => resolve(addresses)),
    )
    expect(all).toContainEqual({ address: '127.0.0.1', family: 4 })
    const one = await new Promise((resolve) =>
      lookup('localhost', { family: 4 }, (_, address, family) => resolve([address, family])),
    )
    expect(one).toEqual(['127.0.0.1', 4])
  })
})
