// SPDX-License-Identifier: Apache-2.0
//
// What a compiler makes of the plain loops: the ceiling that the benchmarks compare with. A worker
// of the benchmarks; see Worker.java for the requests on standard input and the answers.
//
// gcc -O3 -march=native -fopenmp -o ceiling ceiling.c

#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

static void slice(const char *operation, long from, long to) {
  float *e = shadow + from, *p = params + from;
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

static void fill(void) {
  for (long i = 0; i < length; i++) {
    shadow[i] = 1;
    params[i] = 0.5f;
  }
}

static void release(void) {
  free(shadow);
  free(params);
  shadow = params = NULL;
  length = 0;
}

static float *array(long n) {
  return aligned_alloc(64, (n * sizeof(float) + 63) / 64 * 64);
}

int main(void) {
  char line[256], operation[64];
  int threads, calls;
  long n;
  omp_set_dynamic(0);
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "arrays %ld", &n) == 1 && n > 0) {
      release();
      shadow = array(n);
      params = array(n);
      if (!shadow || !params) {
        release();
        printf("! no memory for %ld parameters\n", n);
      } else {
        length = n;
        fill();
        printf("= %ld\n", n);
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
      fill();
      call(operation, threads);
      printf("= %.9g %.9g %.9g\n", shadow[0], shadow[length / 2], shadow[length - 1]);
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
