import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { ConfirmDialog } from '@/components/ui/confirm-dialog'

afterEach(cleanup)

function open(onConfirm: (reason: string) => Promise<void>, asksReason = true) {
  const closed: boolean[] = []
  render(
    <ConfirmDialog
      open
      onOpenChange={(next) => closed.push(next)}
      title="Cancel 3 runs?"
      consequences={['Forward work stops.']}
      verb="Cancel 3 runs"
      asksReason={asksReason}
      onConfirm={onConfirm}
    />,
  )
  return closed
}

describe('a confirmation', () => {
  it('says what happens and does not go on without a reason', async () => {
    const reasons: string[] = []
    open(async (reason) => void reasons.push(reason))
    expect(screen.getByText('Forward work stops.')).toBeTruthy()
    fireEvent.click(screen.getByRole('button', { name: 'Cancel 3 runs' }))
    expect(await screen.findByText('Say why, in a few words.')).toBeTruthy()
    expect(reasons).toEqual([])
  })

  it('passes the reason on, trimmed, and closes', async () => {
    const reasons: string[] = []
    const closed = open(async (reason) => void reasons.push(reason))
    fireEvent.change(screen.getByLabelText('Reason'), { target: { value: '  wrong budget ' } })
    fireEvent.click(screen.getByRole('button', { name: 'Cancel 3 runs' }))
    await waitFor(() => expect(closed).toEqual([false]))
    expect(reasons).toEqual(['wrong budget'])
  })

  it('stays open with the error when the verb is refused', async () => {
    const closed = open(async () => {
      throw new Error('Saga s is past its pivot')
    }, false)
    fireEvent.click(screen.getByRole('button', { name: 'Cancel 3 runs' }))
    expect(await screen.findByText('Saga s is past its pivot')).toBeTruthy()
    expect(closed).toEqual([])
  })
})
