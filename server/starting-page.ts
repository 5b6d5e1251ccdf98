/**
 * The page of a server that is not ready yet. It stands by itself (no bundle, no script) and comes again every two seconds.
 */
import { NextResponse } from 'next/server'
import type { Starting } from './host'

/** A 503 that a browser shows and repeats by itself. */
export function startingPage({ since, reason }: Starting): NextResponse {
  const seconds = Math.max(0, Math.round((Date.now() - since) / 1000))
  const why = reason ? `It waits: ${escaped(reason)}.` : 'This takes a few seconds.'
  return new NextResponse(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Starting… · Sagawright</title>
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="2">
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;display:grid;place-content:center;
min-height:100vh;margin:0;padding:0 1.5rem;text-align:center}p{margin:.25rem 0;opacity:.75}</style>
<main role="status"><h1>Starting…</h1><p>${why}</p><p>Since ${seconds} s. This page comes again by itself.</p></main></html>`,
    {
      status: 503,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'retry-after': '2',
        'content-security-policy':
          "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
      },
    },
  )
}

const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
