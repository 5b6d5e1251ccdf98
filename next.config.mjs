// proxy.ts sets these and the content security policy on pages; here they reach the API and files too.
const securityHeaders = [
  { key: 'x-content-type-options', value: 'nosniff' },
  { key: 'x-frame-options', value: 'DENY' },
  { key: 'referrer-policy', value: 'strict-origin-when-cross-origin' },
]

/** @type {import('next').NextConfig} */
const nextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  agentRules: false,
  // `npm run typecheck` checks everything, tests included; a type error in a test must not keep `npm start` from starting
  typescript: { ignoreBuildErrors: true },
  // The runtime and its adapters are long-lived server code; nothing of them is prerendered.
  devIndicators: false,
  headers: async () => [{ source: '/:path*', headers: securityHeaders }],
}

export default nextConfig
