import { sagaSchemaResponse } from '@/server/api/saga-schema'

export const GET = () => sagaSchemaResponse()
