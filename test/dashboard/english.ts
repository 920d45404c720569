/** What people type: it is the same in every language. */
const COMMANDS = /\b(CONFIG SET|ACL SETUSER|SLOWLOG GET|npm install|rqts (worker|resume|delete|enqueue|scheduler|jobs))[\w @~:*&+./-]*/g

/** Three words in a row and more: a sentence that somebody has forgotten to translate. */
export function englishIn(text: string): string[] {
  return text.replaceAll(COMMANDS, '').match(/\b[A-Za-z]{2,}(?:['’]\w+)?(?:,? [A-Za-z]+(?:['’]\w+)?){2,}/g) ?? []
}
