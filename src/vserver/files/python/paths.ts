/** Python's `os.path` on text. */

/** `os.path.split`: the slashes between the two go, unless there is nothing else. */
export function splitPath(path: string): [folder: string, name: string] {
  const at = path.lastIndexOf('/') + 1
  const folder = path.slice(0, at)
  return [withoutTrailingSlashes(folder) || folder, path.slice(at)]
}

export function joinPath(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`
}

export function withoutTrailingSlashes(path: string): string {
  let end = path.length
  while (end > 0 && path[end - 1] === '/') end--
  return path.slice(0, end)
}
