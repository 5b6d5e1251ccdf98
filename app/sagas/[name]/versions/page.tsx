import type { Metadata } from 'next'
import { VersionsPage } from '@/components/designer/versions-page'

type Props = { params: Promise<{ name: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Versions of ${(await params).name}` }
}

export default async function Page({ params }: Props) {
  const { name } = await params
  return <VersionsPage name={decodeURIComponent(name)} />
}
