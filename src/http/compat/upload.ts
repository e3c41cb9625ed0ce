/** The files of a release, a submission or feedback, as they come with a request. */
import type { StagedTree } from '../../exchange/directory-trees.ts'
import type { Form } from '../form/form.ts'

/**
 * The directory tree in the form. `check` refuses what the exchange would refuse whatever the files are: it is asked
 * before the body is read, or, where identifying the caller has taken the body already, before a fault of the files is
 * told. If all is well, the exchange makes the same checks once more in its transaction.
 * @throws what `check` throws; otherwise as `Form.files`
 */
export async function uploadedTree(
  form: Form,
  options: { alsoFromQuery: boolean; check: () => Promise<void> },
): Promise<StagedTree> {
  if (!form.isBodyRead) await options.check()
  try {
    return await form.files(options)
  } catch (error) {
    await options.check()
    throw error
  }
}
