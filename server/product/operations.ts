import { saveParticipant } from '../api/contract'

/** A participant's operations, as its row keeps them in JSON. */
export const operationsSchema = saveParticipant.shape.operations
