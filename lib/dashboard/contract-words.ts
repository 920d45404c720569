/**
 * Sentences of the server that the pages show. Each comes in English, with its name and with what stands in it, so that whoever speaks another
 * language says it anew instead of translating text.
 */
import type { FINDINGS } from '../client/finding-names.ts'
import type { CHANGE_REFUSALS, REFUSALS, SEARCH_PROBLEMS } from './word-shapes.ts'

/** Names and numbers in a sentence. */
export type Facts = Readonly<Record<string, string | number>>

export type RefusalName = keyof typeof REFUSALS | ChangeRefusal
export type ChangeRefusal = keyof typeof CHANGE_REFUSALS
export type SearchProblemName = keyof typeof SEARCH_PROBLEMS
export type FindingName = keyof typeof FINDINGS

/** What is likely a mistake in a schedule. */
export type ScheduleWarningName = 'every-minute' | 'every-second'
