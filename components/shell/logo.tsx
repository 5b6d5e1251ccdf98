/** The mark: a way forward and the way back beneath it. */
export function Logo({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" fill="none" aria-hidden>
      <rect width="20" height="20" rx="5" fill="var(--color-accent-fill)" />
      <path
        d="M5 8h8.5M11 5.5 13.5 8 11 10.5"
        stroke="#fff"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <path
        d="M15 13.5H7.5"
        stroke="#fff"
        strokeOpacity=".72"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeDasharray="1.6 2.2"
      />
      <path
        d="M8 11.4 5.8 13.5 8 15.6"
        stroke="#fff"
        strokeOpacity=".72"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
