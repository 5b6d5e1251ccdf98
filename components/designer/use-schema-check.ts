'use client'

/**
 * Whether the input schema is a JSON Schema. Checking compiles it, and a page whose policy forbids that asks the server,
 * once per schema and after a pause; the answer joins the other findings.
 */
import { useEffect } from 'react'
import { compileInputSchema } from '@/runtime/definition/input-schema'
import { useTRPCClient } from '../api'
import type { DocumentStore } from './document-store'
import { useDesigner } from './session'

const PAUSE_MS = 300

export function useSchemaCheck(store: DocumentStore): void {
  const client = useTRPCClient()
  const input = useDesigner(store, (state) => state.document?.input)
  const text = input === undefined ? null : JSON.stringify(input)
  useEffect(() => {
    if (text === null) return
    const schema = JSON.parse(text) as Record<string, unknown>
    const compiled = compileInputSchema(schema)
    if (compiled.ok || !compiled.unavailable) return
    const stop = new AbortController()
    const ask = async () => {
      const source = JSON.stringify(store.getState().document)
      const { issues } = await client.definitions.verify.query({ source }, { signal: stop.signal })
      store.hearOfInput(
        text,
        issues.filter(({ code }) => code === 'parse/input-schema'),
      )
    }
    // without an answer the server still checks when it publishes
    const timer = setTimeout(() => void ask().catch(() => undefined), PAUSE_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [client, store, text])
}
