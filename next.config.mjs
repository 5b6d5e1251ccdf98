/** @type {import('next').NextConfig} */
const nextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  agentRules: false,
  // The runtime and its adapters are long-lived server code; nothing of them is prerendered.
  devIndicators: false,
}

export default nextConfig
