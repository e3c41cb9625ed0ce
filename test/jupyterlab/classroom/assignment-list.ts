/** nbgrader's tab “Assignments” in JupyterLab. */
import type { Locator, Page, Response } from 'playwright-core'
import { openFromMenu } from '../../installation/browser.ts'

export class AssignmentList {
  readonly #page: Page

  static async open(page: Page): Promise<AssignmentList> {
    const list = new AssignmentList(page)
    const listed = list.#answerTo('/courses')
    await openFromMenu(page, 'Nbgrader', 'Assignment List')
    await listed
    await list.#isIdle()
    return list
  }

  private constructor(page: Page) {
    this.#page = page
  }

  async refresh(): Promise<void> {
    const listed = this.#answerTo('/courses')
    await this.#page.locator('#refresh_assignments_list').click()
    await listed
    await this.#isIdle()
  }

  async chooseCourse(course: string): Promise<void> {
    await this.#page.locator('#course_list_dropdown').click()
    const listed = this.#answerTo('/assignments')
    await this.#page.locator('#course_list').getByText(course, { exact: true }).click()
    await listed
    await this.#isIdle()
  }

  async courses(): Promise<string[]> {
    return this.#page.locator('#course_list li').allInnerTexts()
  }

  /** What stands where the course's name should be. */
  async courseShown(): Promise<string> {
    return this.#page.locator('#course_list_default').innerText()
  }

  released(): Promise<string[]> {
    return namesIn(this.#section('released'))
  }

  fetched(): Promise<string[]> {
    return namesIn(this.#section('fetched'))
  }

  /** The lines below an assignment that was handed in: a time each, and what there is of feedback. */
  async submissionsOf(assignment: string): Promise<string[]> {
    const rows = rowOf(this.#section('submitted'), assignment).locator('.nested_list_item .item_name')
    return (await rows.allInnerTexts()).map(text => text.replaceAll(/\s+/g, ' ').trim())
  }

  fetch(assignment: string): Promise<void> {
    return this.#press('released', assignment, 'Fetch', '/assignments/fetch')
  }

  /** Nothing when it was handed in, or else what the dialog says. */
  async submit(assignment: string, picture?: (page: Page) => Promise<void>): Promise<string | null> {
    const answered = this.#answerTo('/assignments/submit')
    await this.#button('fetched', assignment, 'Submit').click()
    const { success } = (await (await answered).json()) as { success: boolean }
    if (success) {
      await this.#isIdle()
      return null
    }
    const dialog = this.#page.locator('.nbgrader-ErrorDialog')
    await dialog.waitFor()
    const text = await dialog.innerText()
    await picture?.(this.#page)
    await dialog.getByRole('button', { name: 'OK' }).click()
    await dialog.waitFor({ state: 'detached' })
    return text
  }

  fetchFeedback(assignment: string): Promise<void> {
    return this.#press('submitted', assignment, 'Fetch Feedback', '/assignments/fetch_feedback')
  }

  /** Presses “Validate” of a notebook; what the dialog says. */
  async validate(assignment: string, notebook: string): Promise<string> {
    const row = rowOf(this.#section('fetched'), assignment)
    await row.locator('.assignment-notebooks-link').click()
    const line = row.locator('.nested_list_item', { hasText: notebook })
    await line.getByRole('button', { name: 'Validate' }).click()
    const dialog = this.#page.locator('.nbgrader-SuccessDialog, .nbgrader-ErrorDialog')
    await dialog.waitFor()
    const text = await dialog.innerText()
    await dialog.getByRole('button', { name: 'OK' }).click()
    await dialog.waitFor({ state: 'detached' })
    return text
  }

  /** Opens the notebook from the list, as a tab. */
  async openNotebook(assignment: string, notebook: string): Promise<void> {
    const row = rowOf(this.#section('fetched'), assignment)
    await row.locator('.assignment-notebooks-link').click()
    await row.getByRole('link', { name: notebook, exact: true }).click()
    await this.#page.locator('.jp-NotebookPanel .jp-Cell').first().waitFor()
  }

  /** Follows “(view feedback)”: the file browser shows the folder. */
  async viewFeedback(assignment: string): Promise<string[]> {
    await rowOf(this.#section('submitted'), assignment).getByText('(view feedback)').click()
    const items = this.#page.locator('.jp-DirListing-itemName')
    await items.getByText('.html').first().waitFor()
    return items.allInnerTexts()
  }

  /** What each of the three lists says in place of assignments because something went wrong; empty when all is well. */
  async error(): Promise<string> {
    const errors = await this.#page.locator('.list_error:visible').allInnerTexts()
    return [...new Set(errors)].join('\n')
  }

  async #press(section: Section, assignment: string, button: string, path: string): Promise<void> {
    const answered = this.#answerTo(path)
    await this.#button(section, assignment, button).click()
    await answered
    await this.#isIdle()
  }

  #button(section: Section, assignment: string, name: string): Locator {
    return rowOf(this.#section(section), assignment).getByRole('button', { name, exact: true })
  }

  #section(section: Section): Locator {
    return this.#page.locator(`#${section}_assignments_list`)
  }

  #answerTo(path: string): Promise<Response> {
    return this.#page.waitForResponse(response => new URL(response.url()).pathname === path)
  }

  async #isIdle(): Promise<void> {
    await this.#page.locator('.list_loading:visible').first().waitFor({ state: 'hidden' })
    await this.#page.getByText(/^(Fetching|submitting)/).waitFor({ state: 'detached' })
  }
}

type Section = 'released' | 'fetched' | 'submitted'

function rowOf(section: Locator, assignment: string): Locator {
  const name = section.page().locator('.item_name', { hasText: new RegExp(`^\\s*${assignment}\\s*$`) })
  return section.locator('> .list_item', { has: name })
}

async function namesIn(section: Locator): Promise<string[]> {
  const names = await section.locator('> .list_item > .col-md-12 > .item_name').allInnerTexts()
  return names.map(name => name.trim()).sort()
}
