// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.core.internal.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.longer.MatchCondition;
import org.nd4j.linalg.api.ops.impl.transforms.comparison.CompareAndReplace;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.Axpy;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.indexing.conditions.Condition;
import org.nd4j.linalg.indexing.conditions.Conditions;

/**
 * A kernel of ND4J operations: runs on every backend, CUDA included. An average is the difference
 * of shadow and parameters, put into scratch memory, and a multiple of it taken from the shadow, so
 * that what is rounded is {@code 1 - decay} and not the decay.
 *
 * <p>It takes arrays of up to 16.8 million elements as a whole, longer ones in blocks of that
 * length; the scratch memory is of one block, 64 MB of FLOAT, and kept from call to call. On a
 * device every part of an array costs a copy of the array on the host, which ND4J makes for any
 * view, and every operation costs the time to start it.
 */
public final class Nd4jKernel implements AveragingKernel {

  private static final long BLOCK = 1 << 24;

  private final long block;

  // What an operation works with beside the arrays that it was given.
  private final Scratch parameters = new Scratch();
  private final Scratch finiteOnes = new Scratch();
  private final Scratch difference = new Scratch();
  private final Scratch halves = new Scratch();

  /** Creates a kernel. */
  public Nd4jKernel() {
    this(BLOCK);
  }

  /** A kernel that takes so many elements at a time. */
  Nd4jKernel(long block) {
    this.block = block;
  }

  /** Elements from one index to before another. */
  private record Part(long from, long to) {

    Part within(Part other) {
      return new Part(from - other.from, to - other.from);
    }

    INDArray of(INDArray array) {
      INDArray flat =
          array.rank() == 1 ? array : array.reshape(array.ordering(), new long[] {array.length()});
      return from == 0 && to == flat.length() ? flat : flat.get(NDArrayIndex.interval(from, to));
    }
  }

  /** Parts in ascending order, and what they span: a block at most. */
  private record Span(Part whole, List<Part> parts) {

    static Span of(List<Part> parts) {
      return new Span(new Part(parts.get(0).from, parts.get(parts.size() - 1).to), parts);
    }

    /** The parts as elements of an array of what they span. */
    List<Part> within() {
      return parts.stream().map(part -> part.within(whole)).toList();
    }

    boolean isOnePart() {
      return parts.size() == 1;
    }

    /** Whether something is true of every part, each looked at by itself. */
    boolean allMatch(Predicate<Span> condition) {
      boolean all = true;
      for (Part part : parts) {
        all &= condition.test(of(List.of(part)));
      }
      return all;
    }
  }

  /** Memory by type, as long as the longest array asked for. */
  private static final class Scratch {
    private final Map<DataType, INDArray> arrays = new EnumMap<>(DataType.class);

    INDArray of(DataType type, long length) {
      INDArray array = arrays.get(type);
      if (array == null || array.length() < length) {
        if (array != null) {
          array.close();
        }
        try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
          array = Nd4j.createUninitialized(type, length);
        }
        arrays.put(type, array);
      }
      return new Part(0, length).of(array);
    }

    INDArray copyOf(INDArray values, DataType type) {
      return of(type, values.length()).assign(values);
    }
  }

  private List<Span> spans(Chunks ranges) {
    List<Span> spans = new ArrayList<>();
    List<Part> parts = new ArrayList<>();
    for (int range = 0; range < ranges.size(); range++) {
      for (long at = ranges.from(range); at < ranges.to(range); ) {
        if (!parts.isEmpty() && parts.get(0).from / block < at / block) {
          spans.add(Span.of(parts));
          parts = new ArrayList<>();
        }
        long to = Math.min(ranges.to(range), (at / block + 1) * block);
        parts.add(new Part(at, to));
        at = to;
      }
    }
    if (!parts.isEmpty()) {
      spans.add(Span.of(parts));
    }
    return spans;
  }

  @Override
  public boolean lerp(INDArray params, INDArray[] shadows, double[] decays, Chunks ranges) {
    boolean finite = true;
    for (Span span : spans(ranges)) {
      finite &= lerp(params, shadows, decays, span);
    }
    return finite;
  }

  private boolean lerp(INDArray params, INDArray[] shadows, double[] decays, Span span) {
    INDArray p = in32BitsOrMore(span.whole.of(params));
    double magnitude = magnitude(p);
    boolean finite = Double.isFinite(magnitude);
    if (!finite && !span.isOnePart()) {
      return span.allMatch(part -> lerp(params, shadows, decays, part));
    }
    finite = finite || !hasNonFinite(p);
    for (int i = 0; i < shadows.length; i++) {
      if (decays[i] < 1) {
        INDArray shadow = span.whole.of(shadows[i]);
        move(shadow, finite ? p : finiteOrKept(p, shadow), magnitude, decays[i], span.within());
      }
    }
    return finite;
  }

  /** Moves parts of a shadow towards finite parameters, whose magnitudes add up to so much. */
  private void move(
      INDArray shadow, INDArray params, double magnitude, double decay, List<Part> parts) {
    if (decay == 0) {
      for (Part part : parts) {
        part.of(shadow).assign(part.of(params));
      }
      return;
    }
    DataType type = shadow.dataType();
    INDArray p = params.dataType() == type ? params : parameters.copyOf(params, type);
    double weight = type == DataType.FLOAT ? (float) (1 - decay) : 1 - decay;
    boolean fromShadow = weight < 0.5;
    INDArray near = fromShadow ? shadow : p;
    INDArray far = fromShadow ? p : shadow;
    double share = fromShadow ? weight : decay;
    if (magnitude + magnitude(shadow) <= largest(type)) {
      INDArray t = axpy(-1, far, near, difference.of(type, near.length()));
      for (Part part : parts) {
        axpy(-share, part.of(t), part.of(near), part.of(shadow));
      }
    } else {
      INDArray moved = moved(near, far, share);
      for (Part part : parts) {
        part.of(shadow).assign(part.of(moved));
      }
    }
  }

  /** {@code near - share * (near - far)} in scratch memory, from halves where that overflows. */
  private INDArray moved(INDArray near, INDArray far, double share) {
    INDArray t = difference.of(near.dataType(), near.length());
    axpy(-share, axpy(-1, far, near, t), near, t);
    INDArray half = halves.copyOf(near, near.dataType()).muli(0.5);
    axpy(-2 * share, axpy(-0.5, far, half, half), near, half);
    return replace(t, half, Conditions.isInfinite());
  }

  /** {@code z = a * x + y}. */
  private static INDArray axpy(double a, INDArray x, INDArray y, INDArray z) {
    return Nd4j.getExecutioner().exec(new Axpy(x, y, z, a));
  }

  private static double largest(DataType type) {
    return type == DataType.FLOAT ? Float.MAX_VALUE : Double.MAX_VALUE;
  }

  /** Parameters that are not finite get the value that the shadow has already. */
  private INDArray finiteOrKept(INDArray params, INDArray shadow) {
    // A type that holds the values of both.
    boolean wide = shadow.dataType() == DataType.DOUBLE || params.dataType() == DataType.DOUBLE;
    DataType type = wide ? DataType.DOUBLE : DataType.FLOAT;
    INDArray finite = finiteOnes.copyOf(params, type);
    INDArray kept = shadow.dataType() == type ? shadow : difference.copyOf(shadow, type);
    // notFinite() overlooks NaN in this operation.
    return replace(replace(finite, kept, Conditions.isNan()), kept, Conditions.isInfinite());
  }

  private static INDArray replace(INDArray values, INDArray by, Condition where) {
    return Nd4j.getExecutioner().exec(new CompareAndReplace(values, by, values, where));
  }

  @Override
  public boolean copy(INDArray from, INDArray to, Chunks ranges) {
    return lerp(from, new INDArray[] {to}, new double[] {0}, ranges);
  }

  @Override
  public boolean isFinite(INDArray array, Chunks ranges) {
    return spans(ranges).stream().allMatch(span -> isFinite(array, span));
  }

  private boolean isFinite(INDArray array, Span span) {
    INDArray values = in32BitsOrMore(span.whole.of(array));
    if (Double.isFinite(magnitude(values))) {
      return true;
    }
    return span.isOnePart() ? !hasNonFinite(values) : span.allMatch(part -> isFinite(array, part));
  }

  /**
   * Values of 16 bits as FLOAT: their sum would overflow early, and ND4J knows one bit pattern of a
   * HALF NaN out of 2046.
   */
  private INDArray in32BitsOrMore(INDArray values) {
    return values.dataType().width() == 2 ? parameters.copyOf(values, DataType.FLOAT) : values;
  }

  /** The sum of all magnitudes; not finite if one is not, or if the sum is too large. */
  private static double magnitude(INDArray values) {
    return values.norm1Number().doubleValue();
  }

  /** Takes many times longer than {@link #magnitude}, and knows. */
  private static boolean hasNonFinite(INDArray values) {
    MatchCondition notFinite = new MatchCondition(values, Conditions.notFinite());
    return Nd4j.getExecutioner().exec(notFinite).getLong(0) > 0;
  }

  @Override
  public void swap(INDArray a, INDArray b, Chunks ranges) {
    for (Span span : spans(ranges)) {
      for (Part part : span.parts) {
        INDArray partOfA = part.of(a);
        INDArray partOfB = part.of(b);
        INDArray saved = parameters.copyOf(partOfA, a.dataType());
        partOfA.assign(partOfB);
        partOfB.assign(saved);
      }
    }
  }

  @Override
  public void read(INDArray from, Chunks ranges, double[] to) {
    int at = 0;
    for (int range = 0; range < ranges.size(); range++) {
      double[] values = part(ranges, range).of(from).toDoubleVector();
      System.arraycopy(values, 0, to, at, values.length);
      at += values.length;
    }
  }

  @Override
  public void write(double[] from, INDArray to, Chunks ranges) {
    int at = 0;
    try (MemoryWorkspace ignored = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      for (int range = 0; range < ranges.size(); range++) {
        INDArray target = part(ranges, range).of(to);
        int end = at + (int) target.length();
        try (INDArray values = Nd4j.createFromArray(Arrays.copyOfRange(from, at, end))) {
          target.assign(values);
        }
        at = end;
      }
    }
  }

  private static Part part(Chunks ranges, int range) {
    return new Part(ranges.from(range), ranges.to(range));
  }
}
