/**
 * Loaded first into every child of the launcher (`node --import`): when the launcher is gone, killed with -9 for
 * instance, the child sends itself SIGTERM and so stops as cleanly as if it had been asked to.
 */
const launcher = Number(process.env.SAGAWRIGHT_LAUNCHER)

// only the launcher's own child: processes further down inherit the environment
if (launcher && process.ppid === launcher) {
  // whoever read our output may be gone as well
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const watch = setInterval(() => {
    if (process.ppid === launcher) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
    setTimeout(() => process.exit(1), 15_000).unref()
  }, 300)
  watch.unref()
}
