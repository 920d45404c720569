import type { ApiError, BulkView, FindingView, JobsReply, ScheduleView } from '../../contract.ts'

export interface Told {
  check: string
  found: string
  remedy: string | null
}

/** What the server says, which it says in English. */
export const enServer = {
  refusal: ({ message }: ApiError['error']): string => message,
  leftAlone: ({ text }: BulkView['problems'][number]): string => text,
  searchProblem: ({ text }: JobsReply['problems'][number]): string => text,
  finding: ({ check, found, remedy }: FindingView): Told => ({ check, found, remedy }),
  scheduleWords: ({ words }: ScheduleView): string => words,
  scheduleWarning: ({ text }: ScheduleView['warnings'][number]): string => text,
  /** Why a job ended: words of the job's record. */
  reasons: {
    error: 'error',
    timeout: 'timeout',
    lost: 'worker lost',
    dependency: 'a dependency failed',
    ttl: 'waited too long',
    canceled: 'canceled',
    stopped: 'stopped',
    replaced: 'replaced',
    corrupt: 'unreadable',
  },
}
