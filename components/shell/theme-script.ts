/** The few lines that set the theme before the first paint. Importable from server components. */
export const THEME_KEY = 'sagawright.theme'

export const THEME_SCRIPT = `(() => {
  let theme = 'system'
  try { theme = localStorage.getItem('${THEME_KEY}') ?? 'system' } catch {}
  const dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
})()`
