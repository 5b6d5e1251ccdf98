import type { Metadata } from 'next'
import { Designer } from '@/components/designer/designer'

type Props = { params: Promise<{ name: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: (await params).name }
}

export default async function Page({ params }: Props) {
  const { name } = await params
  return <Designer key={name} name={decodeURIComponent(name)} />
}
