/** The formgrader as a tab of JupyterLab. */
import type { FrameLocator, Locator, Page } from 'playwright-core'
import { openFromMenu } from '../../installation/browser.ts'

/** The columns of the first page that have a button. */
export type Column = 'assign' | 'release' | 'collect' | 'generate-feedback' | 'release-feedback'

/** How long dialogs move. */
const slidingInMs = 500

export interface Dialog {
  readonly title: string
  readonly text: string
}

export class Formgrader {
  readonly #page: Page
  readonly #frame: FrameLocator

  static async open(page: Page): Promise<Formgrader> {
    const formgrader = new Formgrader(page)
    await formgrader.#load(() => openFromMenu(page, 'Nbgrader', 'Formgrader'))
    return formgrader
  }

  private constructor(page: Page) {
    this.#page = page
    this.#frame = page.frameLocator('#formgrader-iframe iframe')
  }

  /** Back to the first page, with all rows drawn anew. */
  async manageAssignments(): Promise<void> {
    await this.#load(() => this.#frame.getByRole('link', { name: 'Manage Assignments' }).click())
  }

  async addAssignment(name: string, dueDate?: string): Promise<void> {
    await this.#frame.getByRole('link', { name: 'Add new assignment...' }).click()
    const dialog = this.#frame.locator('#add-assignment-modal')
    await dialog.locator('input.name').fill(name)
    if (dueDate !== undefined) await dialog.locator('input.duedate').fill(dueDate)
    await dialog.getByRole('button', { name: 'Save' }).click()
    await this.#frame.locator('.modal-backdrop').waitFor({ state: 'detached' })
    await this.row(name).locator('td.assign a').waitFor()
  }

  /** Presses the button in a column of an assignment's row, and answers the dialog that comes. */
  press(assignment: string, column: Column, picture?: (page: Page) => Promise<void>): Promise<Dialog> {
    return this.#pressIn(this.row(assignment), column, picture)
  }

  async autograde(assignment: string, student: string): Promise<Dialog> {
    await this.row(assignment).locator('td.num-submissions a').click()
    const row = this.#frame.locator('#main-table tr', { has: this.#frame.getByText(student) })
    const dialog = await this.#pressIn(row, 'autograde')
    await this.manageAssignments()
    return dialog
  }

  row(assignment: string): Locator {
    const name = this.#frame.locator('td.name', { hasText: new RegExp(`^${assignment}$`) })
    return this.#frame.locator('#main-table tr', { has: name })
  }

  /** `draft` or `released`. */
  async statusOf(assignment: string): Promise<string> {
    return (await this.row(assignment).locator('td.status').innerText()).trim()
  }

  async submissionsOf(assignment: string): Promise<number> {
    return Number(await this.row(assignment).locator('td.num-submissions').innerText())
  }

  /** What it warns about above the table; empty when all is well. */
  async warning(): Promise<string> {
    return (await this.#frame.locator('.alert-warning').allInnerTexts()).join('\n')
  }

  async #pressIn(row: Locator, column: string, picture?: (page: Page) => Promise<void>): Promise<Dialog> {
    await row.locator(`td.${column} a`).click()
    const dialog = this.#frame.locator('.modal.in')
    await dialog.waitFor()
    const title = await dialog.locator('.modal-title').innerText()
    const text = await dialog.locator('.modal-body').innerText()
    if (picture !== undefined) {
      await this.#page.waitForTimeout(slidingInMs)
      await picture(this.#page)
    }
    await dialog.getByRole('button', { name: 'OK' }).click()
    await this.#frame.locator('.modal-backdrop').waitFor({ state: 'detached' })
    return { title, text }
  }

  async #load(navigate: () => Promise<void>): Promise<void> {
    const path = '/formgrader/api/assignments'
    const listed = this.#page.waitForResponse(response => new URL(response.url()).pathname === path)
    await navigate()
    await listed
    await this.#frame.getByRole('link', { name: 'Add new assignment...' }).waitFor()
    await this.#frame.getByText('Loading, please wait...').waitFor({ state: 'detached' })
  }
}
