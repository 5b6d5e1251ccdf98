/** A saga of three steps with its way back, as a small picture for the empty page. */
export function SagaSketch() {
  return (
    <svg width="208" height="120" viewBox="0 0 208 120" fill="none" aria-hidden>
      <title>A saga with its way back</title>
      {[4, 48, 92].map((y, n) => (
        <g key={y}>
          <rect
            x="4"
            y={y}
            width="104"
            height="24"
            rx="6"
            stroke="var(--color-border-control)"
            fill="var(--color-surface-1)"
          />
          <rect
            x="12"
            y={y + 7}
            width="10"
            height="10"
            rx="3"
            fill="var(--color-accent)"
            opacity="0.7"
          />
          <rect
            x="30"
            y={y + 10}
            width={[60, 44, 52][n]}
            height="4"
            rx="2"
            fill="var(--color-border-control)"
          />
          {n < 2 ? (
            <>
              <path
                d={`M56 ${y + 24}V${y + 43}M53 ${y + 40}L56 ${y + 43}L59 ${y + 40}`}
                stroke="var(--color-text-3)"
              />
              <rect
                x="136"
                y={y + 2}
                width="68"
                height="20"
                rx="10"
                stroke="var(--color-border-control)"
                strokeDasharray="3 3"
              />
              <text x="148" y={y + 16} fontSize="10" fill="var(--color-text-2)">
                {2 - n}
              </text>
              <path
                d={`M108 ${y + 12}H136`}
                stroke="var(--color-border-control)"
                strokeDasharray="3 3"
              />
            </>
          ) : null}
        </g>
      ))}
      <path
        d="M170 50V27M167 30L170 27L173 30"
        stroke="var(--color-text-3)"
        strokeDasharray="3 3"
      />
    </svg>
  )
}
