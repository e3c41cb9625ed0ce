/** nbgrader's tab “Courses” in JupyterLab: the formgraders that a person may open. */
import type { Page } from 'playwright-core'
import { openFromMenu } from '../../installation/browser.ts'

export class CourseList {
  readonly #page: Page

  static async open(page: Page): Promise<CourseList> {
    const listed = page.waitForResponse(response => new URL(response.url()).pathname === '/formgraders')
    await openFromMenu(page, 'Nbgrader', 'Course List')
    await listed
    await page.locator('#formgrader_list_loading').waitFor({ state: 'hidden' })
    return new CourseList(page)
  }

  private constructor(page: Page) {
    this.#page = page
  }

  async courses(): Promise<string[]> {
    const courses = await this.#page.locator('#formgrader_list .list_item').allInnerTexts()
    return courses.map(course => course.replaceAll(/\s+/g, ' ').trim())
  }

  async error(): Promise<string> {
    return (await this.#page.locator('#formgrader_list_error:visible').allInnerTexts()).join('\n')
  }

  async openFormgrader(course: string): Promise<void> {
    await this.#page.locator('#formgrader_list').getByText(course, { exact: true }).click()
  }
}
