import { Compass } from 'lucide-react'
import { ButtonLink } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/empty-state'

export default function NotFound() {
  return (
    <EmptyState
      heading="h1"
      icon={<Compass size={24} aria-hidden />}
      title="There is no such page"
      action={
        <>
          <ButtonLink href="/" variant="primary">
            Go to the overview
          </ButtonLink>
          <ButtonLink href="/runs">See the runs</ButtonLink>
        </>
      }
    >
      The address may be old or mistyped. Ctrl+K finds pages, sagas and runs by name.
    </EmptyState>
  )
}
