/** The operations of the second API. Written by `npm run docs` from the server's OpenAPI document; not by hand. */

/** RFC 9457 */
export interface Problem {
  /** What kind of problem, as a URI */ readonly type: string
  readonly title: string
  readonly status: number
  /** For people */
  readonly detail: string
  /** The last part of `type`: for programs */
  readonly code: string
  /** With `files-missing`: what must be sent first */
  readonly missing?: readonly string[] | undefined
  /** With `files-missing`, of a submission with a key: the time that it will have when these files come within an hour */
  readonly receivedAt?: string | undefined
}

export interface Course {
  readonly course: string
  readonly role: 'instructor' | 'student' | null
  /** A moment, RFC 3339 in UTC with microseconds */
  readonly createdAt: string
}

export interface Member {
  readonly user: string
  readonly role: 'instructor' | 'student'
  readonly firstName: string | null
  readonly lastName: string | null
  readonly email: string | null
  /** false: only a group of the hub says so */
  readonly isInRoster: boolean
}

export interface TreeSummary {
  /** SHA-256, in hex */ readonly digest: string
  readonly fileCount: number
  readonly sizeBytes: number
  /** Names of the notebooks at the top, without .ipynb, sorted */
  readonly notebooks: readonly string[]
}

export interface Release {
  readonly version: number
  /** A moment, RFC 3339 in UTC with microseconds */
  readonly releasedAt: string
  readonly releasedBy: string
  readonly tree: TreeSummary
}

export interface Assignment {
  readonly course: string
  readonly assignment: string
  readonly release: Release
}

export interface Manifest {
  /** SHA-256, in hex */ readonly digest: string
  readonly files: readonly {
    /** Relative, with / between folders */ readonly path: string
    readonly sizeBytes: number
    /** SHA-256, in hex */
    readonly sha256: string
    /** MD5, in hex */
    readonly md5: string
    readonly isExecutable: boolean
  }[]
}

export interface Feedback {
  /** A moment, RFC 3339 in UTC with microseconds */ readonly releasedAt: string
  /** SHA-256, in hex */
  readonly digest: string
  readonly files: readonly {
    /** Relative, with / between folders */ readonly path: string
    readonly sizeBytes: number
    /** SHA-256, in hex */
    readonly sha256: string
    /** MD5, in hex */
    readonly md5: string
  }[]
}

export interface Submission {
  /** Of the receipt, too */ readonly id: string
  readonly course: string
  readonly assignment: string
  readonly student: string
  /** A moment, RFC 3339 in UTC with microseconds */
  readonly receivedAt: string
  readonly tree: TreeSummary
  readonly feedback: Feedback | null
}

export interface Receipt {
  readonly version: 1
  readonly id: string
  readonly course: string
  readonly assignment: string
  readonly student: string
  /** UTC, as in the first API */
  readonly receivedAt: string
  readonly files: readonly {
    /** Relative, with / between folders */ readonly path: string
    readonly sizeBytes: number
    /** SHA-256, in hex */
    readonly sha256: string
    readonly isExecutable: boolean
  }[]
  /** SHA-256, in hex */
  readonly digest: string
  readonly key: string
  readonly signature: string
}

export interface Event {
  readonly id: number
  /** A moment, RFC 3339 in UTC with microseconds */
  readonly at: string
  readonly actor: string | null
  readonly actorKind: 'user' | 'service'
  readonly address: string | null
  readonly action: string
  /** `done`, or the code of the refusal */
  readonly result: string
  readonly course: string | null
  readonly assignment: string | null
  readonly subject: string | null
}

/** What each operation takes and answers. */
export interface Operations {
  /** What this service is, who you are to it, and what may be uploaded. */
  getService: {
    readonly answer: {
      readonly name: 'ngshare'
      readonly version: string
      readonly caller: { readonly name: string; readonly kind: 'user' | 'service'; readonly isAdmin: boolean }
      readonly limits: {
        readonly bodyBytes: number
        readonly fileBytes: number
        readonly treeBytes: number | null
        /** In a directory tree */
        readonly files: number
        /** Of a list of files, as JSON */
        readonly manifestBytes: number
        readonly assignmentBytes: number | null
        readonly userBytes: number | null
        readonly courseBytes: number | null
      }
    }
  }

  /** The public keys with which receipts can be checked, those of earlier receipts, too. */
  listReceiptKeys: {
    readonly answer: {
      readonly items: readonly {
        readonly id: string
        /** PEM */
        readonly publicKey: string
        /** A moment, RFC 3339 in UTC with microseconds */
        readonly createdAt: string
        readonly retiredAt: string | null
      }[]
      readonly next: string | null
    }
  }

  /** The courses that you teach or take; for admins all; by name. */
  listCourses: {
    readonly query?: { readonly limit?: number | undefined; readonly cursor?: string | undefined }
    readonly answer: { readonly items: readonly Course[]; readonly next: string | null }
  }

  /** Create a course; for admins. */
  createCourse: {
    readonly body: {
      /** At most 255 bytes of UTF-8, no control characters, not . or .. */ readonly course: string
      readonly instructors?: readonly string[] | undefined
    }
    readonly answer: Course
  }

  /** One course. */
  getCourse: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
    }
    readonly answer: Course
  }

  /** Delete a course; for admins. It is kept for the retention period, and can be restored. */
  hideCourse: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
    }
    readonly answer: null
  }

  /** Who teaches and who takes a course, as they joined; students see instructors and themselves. */
  listMembers: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
    }
    readonly query?: {
      readonly role?: 'instructor' | 'student' | undefined
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly answer: { readonly items: readonly Member[]; readonly next: string | null }
  }

  /** Add or change many members at once, or with dryRun see what would change; for instructors. */
  changeMembers: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
    }
    readonly body: {
      readonly members: readonly {
        /** At most 255 bytes of UTF-8, no control characters, not . or .. */ readonly user: string
        readonly role: 'instructor' | 'student'
        readonly firstName?: string | null | undefined
        readonly lastName?: string | null | undefined
        readonly email?: string | null | undefined
      }[]
      /** Only say what would change */
      readonly dryRun?: boolean | undefined
    }
    readonly answer: {
      readonly items: readonly {
        readonly user: string
        readonly outcome: 'added' | 'changed' | 'unchanged' | 'refused'
        /** With `refused`: the code of the problem */
        readonly reason?: string | undefined
      }[]
    }
  }

  /** One member. */
  getMember: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
      /** A name of a course, an assignment or a person */
      readonly user: string
    }
    readonly answer: Member
  }

  /** Add or change a member; details that are left out stay as they are. */
  setMember: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
      /** A name of a course, an assignment or a person */
      readonly user: string
    }
    readonly body: {
      readonly role: 'instructor' | 'student'
      readonly firstName?: string | null | undefined
      readonly lastName?: string | null | undefined
      readonly email?: string | null | undefined
    }
    readonly answer: Member
  }

  /** Take a person off the roster; their submissions stay. */
  removeMember: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
      /** A name of a course, an assignment or a person */
      readonly user: string
    }
    readonly answer: null
  }

  /** The assignments that are out, of all your courses or of one, each with its newest release. */
  listAssignments: {
    readonly query?: {
      /** A name of a course, an assignment or a person */ readonly course?: string | undefined
      /** A name of a course, an assignment or a person */
      readonly assignment?: string | undefined
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly answer: { readonly items: readonly Assignment[]; readonly next: string | null }
  }

  /** One assignment. */
  getAssignment: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
      /** A name of a course, an assignment or a person */
      readonly assignment: string
    }
    readonly answer: Assignment
  }

  /** Take an assignment back; its submissions and feedback are kept for the retention period. */
  hideAssignment: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
      /** A name of a course, an assignment or a person */
      readonly assignment: string
    }
    readonly answer: null
  }

  /** All versions of an assignment, the newest first. */
  listReleases: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
      /** A name of a course, an assignment or a person */
      readonly assignment: string
    }
    readonly query?: { readonly limit?: number | undefined; readonly cursor?: string | undefined }
    readonly answer: { readonly items: readonly Release[]; readonly next: string | null }
  }

  /** Release an assignment, or with overwrite=true a new version of it; submissions stay. */
  releaseAssignment: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
      /** A name of a course, an assignment or a person */
      readonly assignment: string
    }
    readonly query?: { readonly overwrite?: boolean | undefined }
    readonly body: {
      readonly files: readonly {
        /** Relative, with / between folders */ readonly path: string
        /** SHA-256, in hex */
        readonly sha256: string
        readonly isExecutable?: boolean | undefined
      }[]
    }
    readonly answer: Release
  }

  /** One version. */
  getRelease: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
      /** A name of a course, an assignment or a person */
      readonly assignment: string
      /** A version, or `latest` */
      readonly version: number | 'latest'
    }
    readonly answer: Release
  }

  /** The files of a version: to fetch it, ask for those that you lack. */
  getReleaseManifest: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
      /** A name of a course, an assignment or a person */
      readonly assignment: string
      /** A version, or `latest` */
      readonly version: number | 'latest'
    }
    readonly answer: Manifest
  }

  /** One file of a version, or a range of it. */
  getReleaseFile: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
      /** A name of a course, an assignment or a person */
      readonly assignment: string
      /** A version, or `latest` */
      readonly version: number | 'latest'
    }
    readonly query: {
      /** Relative, with / between folders */ readonly path: string
    }
    readonly answer: ReadableStream<Uint8Array>
  }

  /** A version as a zip or tar file. */
  getReleaseArchive: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
      /** A name of a course, an assignment or a person */
      readonly assignment: string
      /** A version, or `latest` */
      readonly version: number | 'latest'
    }
    readonly query?: { readonly format?: 'zip' | 'tar' | undefined }
    readonly answer: ReadableStream<Uint8Array>
  }

  /** Your own submissions, and those of the courses that you teach, with notebooks and feedback. */
  listSubmissions: {
    readonly query?: {
      /** A name of a course, an assignment or a person */ readonly course?: string | undefined
      /** A name of a course, an assignment or a person */
      readonly assignment?: string | undefined
      /** A name of a course, an assignment or a person */
      readonly student?: string | undefined
      /** Only your own, whatever you teach */
      readonly own?: boolean | undefined
      /** Of each student and assignment */
      readonly newestOnly?: boolean | undefined
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly answer: { readonly items: readonly Submission[]; readonly next: string | null }
  }

  /** Submit. Repeated with the same Idempotency-Key it answers the same and submits once. */
  submitAssignment: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
      /** A name of a course, an assignment or a person */
      readonly assignment: string
    }
    readonly query?: {
      /** For instructors: on behalf of whom */ readonly student?: string | undefined
    }
    readonly header?: { readonly 'idempotency-key'?: string | undefined }
    readonly body: {
      readonly files: readonly {
        /** Relative, with / between folders */ readonly path: string
        /** SHA-256, in hex */
        readonly sha256: string
        readonly isExecutable?: boolean | undefined
      }[]
    }
    readonly answer: {
      readonly id: string
      /** A moment, RFC 3339 in UTC with microseconds */
      readonly receivedAt: string
    }
  }

  /** One submission. */
  getSubmission: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly submission: string
    }
    readonly answer: Submission
  }

  /** The signed receipt of a submission. */
  getReceipt: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly submission: string
    }
    readonly answer: Receipt
  }

  /** The files of a submission. */
  getSubmissionManifest: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly submission: string
    }
    readonly answer: Manifest
  }

  /** One file of a submission, or a range of it. */
  getSubmissionFile: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly submission: string
    }
    readonly query: {
      /** Relative, with / between folders */ readonly path: string
    }
    readonly answer: ReadableStream<Uint8Array>
  }

  /** All files of a submission, as a zip or tar file. */
  getSubmissionArchive: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly submission: string
    }
    readonly query?: { readonly format?: 'zip' | 'tar' | undefined }
    readonly answer: ReadableStream<Uint8Array>
  }

  /** The files of the feedback to a submission. */
  getFeedbackManifest: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly submission: string
    }
    readonly answer: Manifest
  }

  /** One file of the feedback to a submission, or a range of it. */
  getFeedbackFile: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly submission: string
    }
    readonly query: {
      /** Relative, with / between folders */ readonly path: string
    }
    readonly answer: ReadableStream<Uint8Array>
  }

  /** All files of the feedback to a submission, as a zip or tar file. */
  getFeedbackArchive: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly submission: string
    }
    readonly query?: { readonly format?: 'zip' | 'tar' | undefined }
    readonly answer: ReadableStream<Uint8Array>
  }

  /** Return feedback to a submission, in place of what was returned before. */
  releaseFeedback: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly submission: string
    }
    readonly body: {
      readonly files: readonly {
        /** Relative, with / between folders */ readonly path: string
        /** SHA-256, in hex */
        readonly sha256: string
        readonly isExecutable?: boolean | undefined
      }[]
    }
    readonly answer: Submission
  }

  /** Which of these files must be sent before a tree of them can be stored in the assignment. */
  listMissing: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
    }
    readonly body: {
      /** A name of a course, an assignment or a person */ readonly assignment: string
      readonly files: readonly string[]
    }
    readonly answer: { readonly missing: readonly string[] }
  }

  /** Send one file; it is kept for a day, until the tree that it belongs to comes. */
  uploadFile: {
    readonly path: {
      /** A name of a course, an assignment or a person */ readonly course: string
      readonly sha256: string
    }
    readonly answer: null
  }

  /** With `course` what happened in a course that you teach; without, what you did and was done to you. */
  listEvents: {
    readonly query?: {
      /** A name of a course, an assignment or a person */ readonly course?: string | undefined
      /** A name of a course, an assignment or a person */
      readonly assignment?: string | undefined
      /** With `course`: of this person alone */
      readonly student?: string | undefined
      readonly action?: string | undefined
      /** RFC 3339 */
      readonly since?: string | undefined
      /** RFC 3339 */
      readonly until?: string | undefined
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly answer: { readonly items: readonly Event[]; readonly next: string | null }
  }
}

/** How each is asked for; paths are relative to that of the API. */
export const requests = {
  getService: { method: 'GET', path: '' },
  listReceiptKeys: { method: 'GET', path: 'receipt-keys' },
  listCourses: { method: 'GET', path: 'courses' },
  createCourse: { method: 'POST', path: 'courses' },
  getCourse: { method: 'GET', path: 'courses/{course}' },
  hideCourse: { method: 'DELETE', path: 'courses/{course}' },
  listMembers: { method: 'GET', path: 'courses/{course}/members' },
  changeMembers: { method: 'POST', path: 'courses/{course}/members' },
  getMember: { method: 'GET', path: 'courses/{course}/members/{user}' },
  setMember: { method: 'PUT', path: 'courses/{course}/members/{user}' },
  removeMember: { method: 'DELETE', path: 'courses/{course}/members/{user}' },
  listAssignments: { method: 'GET', path: 'assignments' },
  getAssignment: { method: 'GET', path: 'courses/{course}/assignments/{assignment}' },
  hideAssignment: { method: 'DELETE', path: 'courses/{course}/assignments/{assignment}' },
  listReleases: { method: 'GET', path: 'courses/{course}/assignments/{assignment}/releases' },
  releaseAssignment: { method: 'POST', path: 'courses/{course}/assignments/{assignment}/releases' },
  getRelease: { method: 'GET', path: 'courses/{course}/assignments/{assignment}/releases/{version}' },
  getReleaseManifest: {
    method: 'GET',
    path: 'courses/{course}/assignments/{assignment}/releases/{version}/manifest',
  },
  getReleaseFile: {
    method: 'GET',
    path: 'courses/{course}/assignments/{assignment}/releases/{version}/files',
  },
  getReleaseArchive: {
    method: 'GET',
    path: 'courses/{course}/assignments/{assignment}/releases/{version}/archive',
  },
  listSubmissions: { method: 'GET', path: 'submissions' },
  submitAssignment: { method: 'POST', path: 'courses/{course}/assignments/{assignment}/submissions' },
  getSubmission: { method: 'GET', path: 'submissions/{submission}' },
  getReceipt: { method: 'GET', path: 'submissions/{submission}/receipt' },
  getSubmissionManifest: { method: 'GET', path: 'submissions/{submission}/manifest' },
  getSubmissionFile: { method: 'GET', path: 'submissions/{submission}/files' },
  getSubmissionArchive: { method: 'GET', path: 'submissions/{submission}/archive' },
  getFeedbackManifest: { method: 'GET', path: 'submissions/{submission}/feedback/manifest' },
  getFeedbackFile: { method: 'GET', path: 'submissions/{submission}/feedback/files' },
  getFeedbackArchive: { method: 'GET', path: 'submissions/{submission}/feedback/archive' },
  releaseFeedback: { method: 'PUT', path: 'submissions/{submission}/feedback' },
  listMissing: { method: 'POST', path: 'courses/{course}/uploads/missing' },
  uploadFile: { method: 'PUT', path: 'courses/{course}/uploads/{sha256}' },
  listEvents: { method: 'GET', path: 'events' },
} as const
