import type { JSX } from 'preact'
import type { JobAction, JobRow, JobsReply } from '../../contract.ts'
import { act, confirm, copy, toast } from '../actions.ts'
import { post } from '../api.ts'
import { count } from '../format.ts'
import { t } from '../i18n/index.ts'
import { takeBulk } from '../live.ts'
import { Action, Button } from '../parts/basic.tsx'
import { canWrite } from '../session.ts'
import { useCell } from '../store.ts'

const ACTIONS: readonly JobAction[] = ['requeue', 'cancel', 'delete']

interface SelectionProps {
  reply: JobsReply
  q: string
  selected: ReadonlyMap<string, JobRow>
  /** Every job that the search finds is meant, not only those on the page. */
  whole: boolean
  onPage(): void
  onWhole(): void
  clear(): void
  reload(): void
}

/** What is done with the jobs that are marked, or with all that the search finds. */
export function SelectionBar({ reply, q, selected, whole, onPage, onWhole, clear, reload }: SelectionProps): JSX.Element {
  const writes = useCell(canWrite)
  const jobs = [...selected.values()]
  const { total } = reply
  const all = whole && total > 0
  const run = (action: JobAction): Promise<void> => (all ? bulkAll(action, q, reply, finish) : bulkSelected(action, jobs, finish))
  const finish = (): void => {
    clear()
    reload()
  }
  const none = jobs.length === 0 && !all
  return (
    <div class="selection" role="toolbar" aria-label={t.jobs.selection}>
      {none ? (
        <Button small kind="ghost" disabled={reply.jobs.length === 0} onClick={onPage}>
          {t.jobs.selectPage}
        </Button>
      ) : (
        <b>{all ? t.jobs.allSelected(count(total)) : t.jobs.selected(count(jobs.length))}</b>
      )}
      {!all && total > jobs.length && writes && (
        <Button small kind="ghost" onClick={onWhole}>
          {t.jobs.selectAll(count(total))}
        </Button>
      )}
      {!none && (
        <>
          {ACTIONS.map((action) => (
            <Action key={action} small kind={action === 'delete' ? 'danger' : 'plain'} onClick={() => run(action)}>
              {t.actions[action]}
            </Action>
          ))}
          {jobs.length > 0 && (
            <Button small kind="ghost" onClick={() => copy(jobs.map(({ id }) => id).join('\n'))}>
              {t.jobs.copyIds}
            </Button>
          )}
          <Button small kind="ghost" onClick={clear}>
            {t.jobs.clear}
          </Button>
        </>
      )}
    </div>
  )
}

async function bulkAll(action: JobAction, q: string, { total, complete }: JobsReply, done: () => void): Promise<void> {
  const name = t.actions[action]
  const text = complete ? t.bulk.askAll(name, count(total), q) : t.bulk.askBounded(name, count(total), q)
  if (!(await confirm({ title: t.bulk.title(name), text, action: t.bulk.confirm(name, count(total)), danger: action !== 'requeue' })))
    return
  if (await act(async () => takeBulk(await post('POST /bulk', { action, q })))) done()
}

/** The key `r` asks nothing for one job: it can be run again, and again stopped. */
export async function requeueSelected(jobs: readonly JobRow[], clear: () => void, reload: () => void): Promise<void> {
  if (jobs.length === 0 || !canWrite.get()) return
  await bulkSelected('requeue', jobs, () => {
    clear()
    reload()
  })
}

async function bulkSelected(action: JobAction, jobs: readonly JobRow[], done: () => void): Promise<void> {
  const name = t.actions[action]
  const [only] = jobs
  if (only === undefined) return
  if (action !== 'requeue') {
    const text = jobs.length === 1 ? t.bulk.askOne(name, only.task, only.id) : t.bulk.askSome(name, count(jobs.length))
    if (!(await confirm({ title: t.bulk.title(name), text, action: name, danger: true }))) return
  }
  const refs = jobs.map(({ id, queue }) => ({ id, queue }))
  if (refs.length === 1) {
    if (!(await act(() => post(`POST /job/${action}`, refs[0]!)))) return
    toast(t.bulk.doneOne(name, only.task), 'good')
  } else if (!(await act(async () => takeBulk(await post('POST /bulk', { action, jobs: refs }))))) return
  done()
}
