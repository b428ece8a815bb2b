/*
 * cppcheck.h
 *	  What PostgreSQL's macros mean to cppcheck, which does not read the server's headers.
 */
#define PG_FUNCTION_INFO_V1(function)
#define PG_FUNCTION_ARGS void *fcinfo
#define PG_MODULE_MAGIC
#define TASKSYNC_MODULE_MAGIC(version)
#define PGDLLEXPORT
#define PGDLLIMPORT
#define pg_noreturn
#define pg_attribute_noreturn()
#define pg_attribute_printf(format, arguments)
#define pg_unreachable() abort()
#define StaticAssertDecl(condition, message) struct tasksync_ignored
#define PG_TRY() if (1)
#define PG_CATCH() else if (1)
#define PG_FINALLY() if (1)
#define PG_END_TRY()
#define foreach(cell, list) for (cell = list_head(list); cell != 0; cell = lnext(list, cell))
#define INT64_FORMAT "%ld"
#define UINT64_FORMAT "%lu"
