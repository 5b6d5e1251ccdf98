import { handleApi } from '@/server/api/http'
import { theHost } from '@/server/host'

export const dynamic = 'force-dynamic'

const handler = (request: Request) => handleApi(theHost(), request)

export { handler as GET, handler as POST }
