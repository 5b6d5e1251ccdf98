/** Permissions in words, for people who give them to keys. */
export const PERMISSION_WORDS: Record<string, string> = {
  'definition:read': 'See sagas and their versions',
  'definition:write': 'Edit drafts',
  'definition:publish': 'Publish versions',
  'saga:read': 'See runs and journals',
  'saga:start': 'Start runs',
  'saga:operate': 'Pause, resume, cancel, retry, signal',
  'saga:force': 'Roll back by force',
  'approval:read': 'See approvals',
  'approval:decide': 'Decide at gates',
  'participant:read': 'See participants',
  'participant:write': 'Register and change participants',
  'participant:private-network': 'Let participants reach private networks',
  'user:manage': 'Manage people and all keys',
  'key:manage': 'Manage own API keys',
  'system:read': 'See the system’s health',
}
