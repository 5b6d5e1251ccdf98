/** An error from the API as one sentence for people; the server wrote the sentence. */
import { apiErrorData } from '../api'

export function errorWords(error: unknown): string {
  if (apiErrorData(error) === null && error instanceof TypeError) {
    return 'The server did not answer. Check that it runs, then try again.'
  }
  return error instanceof Error ? error.message : String(error)
}

/** The runtime's error code, when the error came from it. */
export function errorCode(error: unknown): string | null {
  return apiErrorData(error)?.sagaCode ?? null
}
