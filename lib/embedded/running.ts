import { projectFiles, readText, serverPid } from './project-files.ts'

/** The URL of the server that runs in this project, from its files alone: it is not asked whether it answers. */
export function findProjectRedisUrl(dir?: string): string | undefined {
  const files = projectFiles(dir)
  return serverPid(files) === undefined ? undefined : readText(files.url)
}
