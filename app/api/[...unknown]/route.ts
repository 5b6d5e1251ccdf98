import { nothingThere } from '@/server/api/route'

export const dynamic = 'force-dynamic'

export {
  nothingThere as DELETE,
  nothingThere as GET,
  nothingThere as PATCH,
  nothingThere as POST,
  nothingThere as PUT,
}
