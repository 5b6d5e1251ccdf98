import type { Metadata } from 'next'
import { RunPage } from '@/components/run/run-page'

export const metadata: Metadata = { title: 'Run' }

export default async function Page({ params }: { params: Promise<{ sagaId: string }> }) {
  const sagaId = decodeURIComponent((await params).sagaId)
  return <RunPage key={sagaId} sagaId={sagaId} />
}
