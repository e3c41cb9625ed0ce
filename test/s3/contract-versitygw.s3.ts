/** The same on a gateway that keeps objects as files. */
import { describeContentStore } from '../contracts/content-store.ts'
import { aServerForTheFile, aStore } from './servers.ts'

const stagedBytes = 6 * 1024 * 1024

const versitygw = aServerForTheFile('versitygw')
describeContentStore('versitygw', () => aStore(versitygw()), { stagedBytes })
