'use client'

/** `/settings`: who is signed in, people, API keys, and how the system is. */
import { parseAsStringLiteral, useQueryState } from 'nuqs'
import { useRefusal } from '../shell/me'
import { PageBar } from '../shell/page-bar'
import { TabPanel, Tabs } from '../ui/tabs'
import { ApiKeys } from './api-keys'
import { People } from './people'
import { SystemHealth } from './system-health'
import { WhoAmI } from './who-am-i'

const TABS = ['me', 'people', 'keys', 'system'] as const

export function SettingsPage() {
  const [tab, setTab] = useQueryState('tab', parseAsStringLiteral(TABS).withDefault('me'))
  const noPeople = useRefusal()('user:manage')
  return (
    <>
      <PageBar title="Settings" />
      <Tabs
        label="Settings"
        value={tab}
        onChange={(next) => void setTab(next)}
        className="min-h-0 flex-1"
        items={[
          { value: 'me', label: 'You' },
          { value: 'people', label: 'People' },
          { value: 'keys', label: 'API keys' },
          { value: 'system', label: 'System' },
        ]}
      >
        <TabPanel value="me">
          <Column>
            <WhoAmI />
          </Column>
        </TabPanel>
        <TabPanel value="people">
          <Column>
            <People refusal={noPeople} />
          </Column>
        </TabPanel>
        <TabPanel value="keys">
          <Column>
            <ApiKeys />
          </Column>
        </TabPanel>
        <TabPanel value="system">
          <Column>
            <SystemHealth />
          </Column>
        </TabPanel>
      </Tabs>
    </>
  )
}

function Column({ children }: { children: React.ReactNode }) {
  return <div className="mx-auto flex w-full max-w-4xl flex-col gap-6 p-4 md:p-6">{children}</div>
}
