const MASK = '***'

// `//user:password@`, the password up to the last @ before the path.
const CREDENTIALS = /(:\/\/[^\s/?#@:"'<>]{0,256}:)[^\s/?#"'<>]{0,512}@/g
// Passwords may hold a bare / or ?, which no URL parser takes but people paste; only Redis's own schemes are read so freely.
const REDIS_CREDENTIALS = /\b((?:rediss?|valkeys?)(?:\+\w+)?:\/\/[^\s/?#@:"'<>]{0,256}:)[^\s"'<>]{0,512}@/gi
const QUERY_SECRETS =
  /([?&](?:(?:sentinel_?)?password|passwd|pass|pwd|secret|token|auth|api_?key|access_?key|access_?token|signature|sig)=)[^&#\s"'<>]*/gi

/** A URL, or any text with URLs in it, without the passwords: `redis://user:***@host`. */
export function redactUrl(text: string): string {
  // Nearly every text that is logged has neither, and is not searched twice.
  const urls = text.includes('://')
  const masked = urls ? text.replace(CREDENTIALS, `$1${MASK}@`).replace(REDIS_CREDENTIALS, `$1${MASK}@`) : text
  return masked.includes('=') ? masked.replace(QUERY_SECRETS, `$1${MASK}`) : masked
}

/** Names of fields whose values never go into a log. */
export function isSecretName(name: string): boolean {
  return /pass(?:word|wd|phrase)?$|secret|credential|authorization|api_?key|(?:access|auth|bearer|refresh|session)_?token/i.test(name)
}
