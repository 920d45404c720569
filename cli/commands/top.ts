import { type CommandSpec, command } from '../command.ts'
import { CliError } from '../exit-codes.ts'
import { Flag } from '../flags.ts'

export const top: CommandSpec = command<{ interval: string }>({
  name: 'top',
  group: 'See',
  summary: 'queues, workers and jobs live on the whole screen',
  arguments: '[queues...]',
  description:
    'Arrows move, Enter opens a queue or a job with its log, Esc goes back, q ends, ? shows the keys.\nA job can be requeued, run now, canceled or deleted, a queue paused or emptied, a worker paused or stopped; a capital letter\ndoes what cannot be undone.',
  flags: [new Flag('-i, --interval <seconds>', 'between two readings', { default: '1' })],
  without: ['--json', '--quiet', '--log-format'],
  examples: [
    ['rqts top', 'all queues'],
    ["rqts top default 'mail.*'", 'some of them'],
  ],
  async run(context, args, { interval }) {
    if (!process.stdin.isTTY || !process.stdout.isTTY)
      throw new CliError('RQTS_USAGE', 'rqts top needs a terminal for its keys and its screen: elsewhere, use `rqts info` or `rqts jobs`')
    const everyMs = Number(interval) * 1_000
    if (!(everyMs >= 100 && everyMs <= 3_600_000))
      throw new CliError('RQTS_USAGE', `--interval takes seconds from 0.1 to 3600, not '${interval}'`)
    await context.store()
    const { Top } = await import('../top/top.ts')
    return await new Top(context, { everyMs, queues: args }).run()
  },
})
