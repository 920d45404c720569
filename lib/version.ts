/** Kept equal to package.json by the checks: reading that file at run time would break bundlers. */
export const VERSION = '0.1.0'
