/** Marks a database as one of this program, "SGWT" in ASCII (https://www.sqlite.org/pragma.html#pragma_application_id). */
export const applicationId = 0x53475754;
