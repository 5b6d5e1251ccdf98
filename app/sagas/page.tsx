import type { Metadata } from 'next'
import { DefinitionsPage } from '@/components/designer/definitions-page'

export const metadata: Metadata = { title: 'Sagas' }

export default function Page() {
  return <DefinitionsPage />
}
