/*
 * keyring.c
 *	  The keys of tasksync.key_file in this process.
 *
 * Called by seal.c and the vault's SQL functions, in backends and in the
 * worker.  Never in the postmaster: a process that is forked from one with keys
 * would have them too.  Keys stay in guarded memory that is locked against
 * swapping and left out of core dumps; no other file sees more than a pointer.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/fd.h"

#include "base/errors.h"
#include "base/guc.h"
#include "base/testpoint.h"
#include "vault/keyring.h"

/* what a key id is derived under, so that it is no plain hash of the key */
#define KEY_ID_PERSONAL "tasksync key id"	/* 16 bytes with its NUL */

#define PROBLEM_SIZE 160

/* identity of the file as it was read */
typedef struct FileStamp
{
	dev_t		device;
	ino_t		inode;
	off_t		size;
	mode_t		mode;
	uid_t		owner;
	struct timespec changed;
} FileStamp;

static struct
{
	bool		looked;			/* the fields below mean something */
	TimestampTz looked_in;		/* statement in which the file was last looked at */
	char		path[MAXPGPATH];
	bool		there;			/* stamp is that of an existing file */
	FileStamp	stamp;
	int			count;			/* 0: no usable key, problem says why */
	uint32		ids[TASKSYNC_MAX_KEYS];
	unsigned char *keys;		/* TASKSYNC_MAX_KEYS of them, guarded memory */
	char		problem[PROBLEM_SIZE];
	const char *mend;			/* command for the hint, %s = the path; NULL = create one */
} ring;

static const char *const mend_create =
	"As the server's operating system user, run: umask 077; head -c 32 /dev/urandom > %s "
	"(and name that file in tasksync.key_file).";
static const char *const mend_mode = "Run chmod 600 %s.";
static const char *const mend_owner = "Run chown with the server's operating system user on %s.";
static const char *const mend_restore = "Restore %s from its backup.";
static const char *const mend_link = "Name the file itself in tasksync.key_file, not a link: %s.";

static void
forget_keys(void)
{
	if (ring.keys != NULL)
		sodium_memzero(ring.keys, TASKSYNC_MAX_KEYS * TASKSYNC_KEY_BYTES);
	ring.count = 0;
}

static void
set_problem(const char *mend, const char *problem)
{
	strlcpy(ring.problem, problem, sizeof(ring.problem));
	ring.mend = mend;
	forget_keys();
}

static uint32
key_id(const unsigned char *key)
{
	static const unsigned char no_salt[crypto_generichash_blake2b_SALTBYTES];
	unsigned char hash[crypto_generichash_blake2b_BYTES_MIN];

	if (crypto_generichash_blake2b_salt_personal(hash, sizeof(hash), key, TASKSYNC_KEY_BYTES, NULL,
												 0, no_salt,
												 (const unsigned char *) KEY_ID_PERSONAL) != 0)
		elog(ERROR, "could not hash a key");
	return ((uint32) hash[0] << 24) | ((uint32) hash[1] << 16) | ((uint32) hash[2] << 8) | hash[3];
}

/*
 * Random bytes never look like this: a key made by hand, in hexadecimal, or
 * from /dev/zero is refused rather than used.
 */
static bool
looks_random(const unsigned char *key)
{
	bool		printable = true;
	bool		constant = true;

	for (int i = 0; i < TASKSYNC_KEY_BYTES; i++)
	{
		if ((key[i] < ' ' || key[i] > '~') && key[i] != '\n' && key[i] != '\r')
			printable = false;
		if (key[i] != key[0])
			constant = false;
	}
	return !printable && !constant;
}

static bool
prepare_memory(void)
{
	if (ring.keys != NULL)
		return true;
	if (sodium_init() < 0)
	{
		set_problem(NULL, "libsodium could not be initialised");
		return false;
	}
	ring.keys = sodium_malloc(TASKSYNC_MAX_KEYS * TASKSYNC_KEY_BYTES);
	if (ring.keys == NULL)
	{
		set_problem(NULL, "there is no memory for the keys");
		return false;
	}
	/* sodium_malloc tries this too, but does not tell whether it worked */
	if (sodium_mlock(ring.keys, TASKSYNC_MAX_KEYS * TASKSYNC_KEY_BYTES) != 0)
		ereport(LOG,
				(errmsg("could not lock the memory of the keys: %m"),
				 errhint("Raise the limit of locked memory (ulimit -l) of the server.")));
	sodium_memzero(ring.keys, TASKSYNC_MAX_KEYS * TASKSYNC_KEY_BYTES);
	return true;
}

/* the open file must be one that only the server's user can read or change */
static bool
check_file(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		set_problem(mend_create, "the key file is not a regular file");
	else if (st->st_uid != geteuid())
		set_problem(mend_owner, "the key file does not belong to the server's user");
	else if ((st->st_mode & 07177) != 0)
		set_problem(mend_mode,
					psprintf("the key file has mode %04o, and only 0600 and 0400 keep it closed",
							 (unsigned int) (st->st_mode & 07777)));
	else if (st->st_size == 0 || st->st_size % TASKSYNC_KEY_BYTES != 0)
		set_problem(mend_restore,
					psprintf("the key file has " INT64_FORMAT
							 " bytes, which is not a whole number of %d-byte keys",
							 (int64) st->st_size, TASKSYNC_KEY_BYTES));
	else if (st->st_size > TASKSYNC_MAX_KEYS * TASKSYNC_KEY_BYTES)
		set_problem(mend_restore,
					psprintf("the key file holds more than %d keys", TASKSYNC_MAX_KEYS));
	else
		return true;
	return false;
}

static bool
check_keys(int count)
{
	for (int i = 0; i < count; i++)
	{
		if (!looks_random(ring.keys + i * TASKSYNC_KEY_BYTES))
		{
			set_problem(mend_restore,
						psprintf("key %d of the key file is text or a repeated byte instead of "
								 "random bytes",
								 i + 1));
			return false;
		}
		ring.ids[i] = key_id(ring.keys + i * TASKSYNC_KEY_BYTES);
		for (int j = 0; j < i; j++)
		{
			if (ring.ids[j] == ring.ids[i])
			{
				set_problem(mend_restore,
							psprintf("keys %d and %d of the key file are the same", j + 1, i + 1));
				return false;
			}
		}
	}
	return true;
}

/* straight into guarded memory: no buffer in between */
static void
load_keys(int fd, const struct stat *st)
{
	size_t		wanted = (size_t) st->st_size;
	size_t		done = 0;

	while (done < wanted)
	{
		ssize_t		n = read(fd, ring.keys + done, wanted - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
		{
			set_problem(mend_restore, psprintf("the key file could not be read: %s",
											   n < 0 ? strerror(errno) : "it ended early"));
			return;
		}
		done += (size_t) n;
	}
	if (!check_keys((int) (wanted / TASKSYNC_KEY_BYTES)))
		return;
	ring.count = (int) (wanted / TASKSYNC_KEY_BYTES);
	ring.problem[0] = '\0';
}

static FileStamp
stamp_of(const struct stat *st)
{
	FileStamp	stamp;

	memset(&stamp, 0, sizeof(stamp));
	stamp.device = st->st_dev;
	stamp.inode = st->st_ino;
	stamp.size = st->st_size;
	stamp.mode = st->st_mode;
	stamp.owner = st->st_uid;
	/* the time of the last change of content or mode; cannot be set back by touch */
	stamp.changed = st->st_ctim;
	return stamp;
}

static void
read_file(const char *path)
{
	int			fd;
	struct stat st;

	forget_keys();
	ring.there = false;
	if (!prepare_memory())
		return;
	fd = BasicOpenFile(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | PG_BINARY);
	if (fd < 0)
	{
		if (errno == ENOENT || errno == ENOTDIR)
			set_problem(mend_create, "the key file does not exist");
		else if (errno == ELOOP)
			set_problem(mend_link, "the key file is a symbolic link");
		else
			set_problem(mend_owner,
						psprintf("the key file could not be opened: %s", strerror(errno)));
		return;
	}
	if (fstat(fd, &st) != 0)
		set_problem(mend_create,
					psprintf("the key file could not be examined: %s", strerror(errno)));
	else
	{
		ring.there = true;
		ring.stamp = stamp_of(&st);
		if (check_file(&st))
			load_keys(fd, &st);
	}
	close(fd);
}

/* has the file become another one, by name, replacement, content or mode? */
static bool
file_changed(const char *path)
{
	struct stat st;
	FileStamp	now;

	if (strcmp(path, ring.path) != 0)
		return true;
	/* a missing or unreadable file is looked at anew each time: it costs one failed open */
	if (!ring.there || lstat(path, &st) != 0)
		return true;
	now = stamp_of(&st);
	return memcmp(&now, &ring.stamp, sizeof(now)) != 0;
}

/*
 * refresh makes the ring agree with the file.  Once per statement is enough to
 * make a rotation or a mended file visible at once, and keeps the cost of a
 * million rows sealed in one statement at that of the cipher.
 */
static void
refresh(bool force)
{
	const char *path = tasksync_key_file != NULL ? tasksync_key_file : "";
	TimestampTz statement = GetCurrentStatementStartTimestamp();

	if (ring.looked && !force && ring.looked_in == statement && strcmp(path, ring.path) == 0)
		return;
	if (*path == '\0')
		set_problem(NULL, "tasksync.key_file is not set");
	else if (!ring.looked || file_changed(path))
		read_file(path);
	strlcpy(ring.path, path, sizeof(ring.path));
	ring.looked = true;
	ring.looked_in = statement;
}

const unsigned char *
tasksync_keyring_primary(uint32 *id)
{
	refresh(false);
	if (ring.count == 0)
		return NULL;
	*id = ring.ids[ring.count - 1];
	return ring.keys + (ring.count - 1) * TASKSYNC_KEY_BYTES;
}

static const unsigned char *
find_key(uint32 id)
{
	for (int i = ring.count - 1; i >= 0; i--)
	{
		if (ring.ids[i] == id)
			return ring.keys + i * TASKSYNC_KEY_BYTES;
	}
	return NULL;
}

/* a rotation elsewhere may have added the key since this statement began */
const unsigned char *
tasksync_keyring_find(uint32 id)
{
	const unsigned char *key;

	refresh(false);
	key = find_key(id);
	if (key != NULL)
		return key;
	refresh(true);
	return find_key(id);
}

int
tasksync_keyring_count(void)
{
	refresh(false);
	return ring.count;
}

uint32
tasksync_keyring_id(int index)
{
	Assert(index >= 0 && index < ring.count);
	return ring.ids[index];
}

const char *
tasksync_keyring_problem(void)
{
	return ring.count > 0 ? "" : ring.problem;
}

const char *
tasksync_keyring_hint(void)
{
	const char *path = superuser() && ring.path[0] != '\0' ? ring.path : "FILE";

	return psprintf(ring.mend != NULL ? ring.mend : mend_create, path);
}

/* ---- adding a key ---- */

static void
write_all(int fd, const unsigned char *bytes, size_t length, const char *path)
{
	size_t		done = 0;

	while (done < length)
	{
		ssize_t		n = write(fd, bytes + done, length - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not write file \"%s\": %m", path)));
		done += (size_t) n;
	}
}

/* the file as it shall be, complete and flushed, under its temporary name */
static void
write_new_file(const char *path)
{
	int			fd;

	/* left over by a crash: under the lock nobody else can be writing it */
	if (unlink(path) != 0 && errno != ENOENT)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not remove file \"%s\": %m", path)));
	fd = OpenTransientFilePerm(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | PG_BINARY, 0600);
	if (fd < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not create file \"%s\": %m", path),
				 errhint("Append a key yourself with head -c 32 /dev/urandom >> FILE, then run "
						 "SELECT tasksync.rotate_key() again.")));
	write_all(fd, ring.keys, (size_t) ring.count * TASKSYNC_KEY_BYTES, path);
	TASKSYNC_TEST_POINT("rotate-written");
	if (pg_fsync(fd) != 0 || CloseTransientFile(fd) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not flush file \"%s\": %m", path)));
}

static void
add_random_key(void)
{
	unsigned char *key = ring.keys + ring.count * TASKSYNC_KEY_BYTES;
	uint32		id;

	/* ids are 32 bits of a hash: draw again in the one case in a billion */
	do
	{
		randombytes_buf(key, TASKSYNC_KEY_BYTES);
		id = key_id(key);
	} while (find_key(id) != NULL || !looks_random(key));
	ring.ids[ring.count++] = id;
}

/*
 * lock_file keeps other rotations out, of this database or another of this
 * server.  The lock is on the file, so it must still be the one of that name
 * after the lock was got: a finished rotation has put another in its place.
 */
static int
lock_file(const char *path)
{
	int			fd = OpenTransientFile(path, O_RDONLY | O_NOFOLLOW | PG_BINARY);
	struct stat locked;
	struct stat named;

	if (fd < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file \"%s\": %m", path)));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &locked) != 0 ||
		lstat(path, &named) != 0 || locked.st_ino != named.st_ino)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("another session is rotating the key just now"),
				 errhint("Run SELECT tasksync.rotate_key() again when it has finished.")));
	return fd;
}

uint32
tasksync_keyring_append(void)
{
	char		path[MAXPGPATH];
	char		new_path[MAXPGPATH];
	uint32		id;
	int			lock;

	refresh(true);
	if (ring.count == 0)
		ereport(ERROR,
				(errcode(TASKSYNC_ERRCODE_KEY_MISSING),
				 errmsg("%s", ring.problem),
				 errhint("%s", tasksync_keyring_hint())));
	strlcpy(path, ring.path, sizeof(path));
	snprintf(new_path, sizeof(new_path), "%s.new", path);
	lock = lock_file(path);
	/* what another rotation renamed in between must not be lost */
	refresh(true);
	if (ring.count == 0 || ring.count >= TASKSYNC_MAX_KEYS)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("the key file holds %d keys already", ring.count),
				 errhint("Remove keys that tasksync.key_status shows without rows.")));
	/* until the renamed file is read back, a failure must not leave a key that no file holds */
	ring.looked = false;
	add_random_key();
	id = ring.ids[ring.count - 1];
	write_new_file(new_path);
	if (durable_rename(new_path, path, LOG) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rename file \"%s\" to \"%s\": %m", new_path, path)));
	TASKSYNC_TEST_POINT("rotate-renamed");
	CloseTransientFile(lock);
	refresh(true);
	if (find_key(id) == NULL)
		ereport(ERROR,
				(errcode(TASKSYNC_ERRCODE_KEY_MISSING),
				 errmsg("the key file was changed by somebody else during the rotation"),
				 errhint("Run SELECT * FROM tasksync.key_status.")));
	return id;
}
