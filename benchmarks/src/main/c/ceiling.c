// SPDX-License-Identifier: Apache-2.0
//
// What a compiler makes of the plain loops: the ceiling that the benchmarks compare with. A worker
// of the benchmarks; see Worker.java for the requests on standard input and the answers. One of
// them takes more words here: "arrays N SHADOW PARAMS", where the last two are the bytes from the
// beginning of a page to the arrays, and are the answer, too. Where a loop stores across cache
// lines, as on what malloc gives, it can be twice as slow. Operations that end in "-aligned" use
// arrays at the beginning of a page, in the same memory.
//
// gcc -O3 -march=native -fopenmp -o ceiling ceiling.c

#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAGE = 4096 };

static char *memory[2];
static float *shadow, *params;
static long length;

static void lerp(float *restrict e, const float *restrict p, long n) {
  const float w = 1 - 0.9999f;
  for (long i = 0; i < n; i++) e[i] -= w * (e[i] - p[i]);
}

static void swap(float *restrict a, float *restrict b, long n) {
  for (long i = 0; i < n; i++) {
    float t = a[i];
    a[i] = b[i];
    b[i] = t;
  }
}

static void copy(float *restrict e, const float *restrict p, long n) { memcpy(e, p, n * sizeof *e); }

static volatile int found;

static void all_finite(float *restrict e, const float *restrict p, long n) {
  int any = 0;
  (void)e;
  for (long i = 0; i < n; i++) {
    int32_t bits;
    memcpy(&bits, &p[i], sizeof bits);
    any |= (bits & 0x7f800000) == 0x7f800000;
  }
  if (any) found = 1;
}

static int is_aligned(const char *operation) { return strstr(operation, "-aligned") != NULL; }

static float *shadow_of(const char *operation) {
  return is_aligned(operation) ? (float *)memory[0] : shadow;
}

static float *params_of(const char *operation) {
  return is_aligned(operation) ? (float *)memory[1] : params;
}

static void slice(const char *operation, long from, long to) {
  float *e = shadow_of(operation) + from, *p = params_of(operation) + from;
  long n = to - from;
  switch (operation[0]) {
    case 'l': lerp(e, p, n); break;
    case 's': swap(e, p, n); break;
    case 'c': copy(e, p, n); break;
    case 'f': all_finite(e, p, n); break;
  }
}

static void call(const char *operation, int threads) {
  if (threads == 1) {
    slice(operation, 0, length);
    return;
  }
#pragma omp parallel num_threads(threads)
  {
    long t = omp_get_thread_num(), of = omp_get_num_threads();
    long from = (length * t / of) & ~15L;
    long to = t == of - 1 ? length : (length * (t + 1) / of) & ~15L;
    slice(operation, from, to);
  }
}

static long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void fill(float *e, float *p) {
  for (long i = 0; i < length; i++) {
    e[i] = 1;
    p[i] = 0.5f;
  }
}

static void release(void) {
  for (int i = 0; i < 2; i++) {
    free(memory[i]);
    memory[i] = NULL;
  }
  length = 0;
}

static int is_place(long place) { return place >= 0 && place < PAGE && place % sizeof(float) == 0; }

static int allocate(long n, long shadow_place, long params_place) {
  long bytes = (n * (long)sizeof(float) + 2 * PAGE - 1) / PAGE * PAGE;
  for (int i = 0; i < 2; i++) {
    memory[i] = aligned_alloc(PAGE, bytes);
    if (!memory[i]) {
      release();
      return 0;
    }
  }
  shadow = (float *)(memory[0] + shadow_place);
  params = (float *)(memory[1] + params_place);
  length = n;
  fill((float *)memory[0], (float *)memory[1]);
  fill(shadow, params);
  return 1;
}

int main(void) {
  char line[256], operation[64];
  int threads, calls;
  long n, at[2];
  omp_set_dynamic(0);
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "arrays %ld %ld %ld", &n, &at[0], &at[1]) == 3 && n > 0 && is_place(at[0]) &&
        is_place(at[1])) {
      release();
      if (allocate(n, at[0], at[1])) {
        printf("= %ld %ld\n", (long)((uintptr_t)shadow % PAGE), (long)((uintptr_t)params % PAGE));
      } else {
        printf("! no memory for %ld parameters\n", n);
      }
    } else if (sscanf(line, "run %63s %d %d", operation, &threads, &calls) == 3 && length) {
      call(operation, threads);
      printf("=");
      for (int i = 0; i < calls; i++) {
        long start = now();
        call(operation, threads);
        printf(" %ld", now() - start);
      }
      printf("\n");
    } else if (sscanf(line, "verify %63s %d", operation, &threads) == 2 && length) {
      float *e = shadow_of(operation);
      fill(e, params_of(operation));
      call(operation, threads);
      printf("= %.9g %.9g %.9g\n", e[0], e[length / 2], e[length - 1]);
    } else if (!strncmp(line, "release", 7)) {
      release();
      printf("= released\n");
    } else {
      printf("! not understood: %s", line);
    }
    fflush(stdout);
  }
  return 0;
}
