/**
 * Request bodies are bounded before anything reads them: by their declared length, and by what really arrives.
 */
import { SagaError } from '@/runtime/errors'

/** A text of the largest allowed saga, in JSON, with room to spare. */
export const BODY_BYTES_MAX = 8_000_000

/** The same request, whose body fails with LIMIT_EXCEEDED as soon as it is longer than `maxBytes`. */
export function boundedRequest(request: Request, maxBytes = BODY_BYTES_MAX): Request {
  if (!request.body) return request
  const declared = Number(request.headers.get('content-length') ?? 0)
  let received = 0
  const bounded = new TransformStream<Uint8Array, Uint8Array>({
    start(controller) {
      if (declared > maxBytes) controller.error(tooLong(maxBytes))
    },
    transform(chunk, controller) {
      received += chunk.byteLength
      if (received > maxBytes) controller.error(tooLong(maxBytes))
      else controller.enqueue(chunk)
    },
  })
  // a failed pipe is reported by the reading side, which sees the same error
  request.body.pipeTo(bounded.writable).catch(() => {})
  const init: RequestInit & { duplex: 'half' } = {
    method: request.method,
    headers: request.headers,
    body: bounded.readable,
    signal: request.signal,
    duplex: 'half',
  }
  return new Request(request.url, init)
}

const tooLong = (maxBytes: number) =>
  new SagaError('LIMIT_EXCEEDED', `The request's body is longer than ${maxBytes} bytes.`, {
    maxBytes,
  })
