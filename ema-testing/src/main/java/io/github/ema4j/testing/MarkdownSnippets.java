// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/**
 * The Java blocks of a Markdown page, to be compiled and run. One with a {@code main} method is a
 * program; any other is the body of a method. Blocks may use what they, or blocks before them,
 * import, and nothing else.
 */
public final class MarkdownSnippets {

  private static final Pattern BLOCK = Pattern.compile("(?ms)^```java\\R(.*?)^```");

  private static final Pattern IMPORT = Pattern.compile("(?m)^import .*;\\R");
  private static final Pattern PROGRAM =
      Pattern.compile("(?ms)^public class (\\w+) .*public static void main\\(");

  private final List<String> blocks;

  private MarkdownSnippets(List<String> blocks) {
    this.blocks = blocks;
  }

  /** Reads a page. */
  public static MarkdownSnippets of(Path page) throws IOException {
    List<String> blocks = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(Files.readString(page));
    while (matcher.find()) {
      blocks.add(matcher.group(1));
    }
    return new MarkdownSnippets(blocks);
  }

  /** The blocks, in the order of the page. */
  public List<String> blocks() {
    return blocks;
  }

  /**
   * Compiles the blocks, with the class path of the tests.
   *
   * @param directory an empty one, for the classes
   * @param parameters of each block that is no program, with the names of packages: what the text
   *     around the blocks takes as given
   * @return the blocks, in the order of the page, to be run
   */
  public List<Block> compile(Path directory, String parameters) throws Exception {
    Set<String> imports = new LinkedHashSet<>();
    StringBuilder methods = new StringBuilder();
    List<Path> sources = new ArrayList<>();
    List<String> classes = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      String block = blocks.get(i);
      Matcher program = PROGRAM.matcher(block);
      if (program.find()) {
        classes.add(program.group(1));
        sources.add(Files.writeString(directory.resolve(program.group(1) + ".java"), block));
      } else {
        classes.add("Snippets");
        IMPORT.matcher(block).results().forEach(found -> imports.add(found.group()));
        methods.append(
            "public static void block%d(%s) throws Exception {\n%s}\n"
                .formatted(i, parameters, IMPORT.matcher(block).replaceAll("")));
      }
    }
    String snippets =
        "%spublic class Snippets {%n%s}%n".formatted(String.join("", imports), methods);
    sources.add(Files.writeString(directory.resolve("Snippets.java"), snippets));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    boolean compiled =
        compiler
            .getTask(
                messages,
                null,
                null,
                List.of("-cp", classPath(), "-d", directory.toString(), "-proc:none"),
                null,
                compiler
                    .getStandardFileManager(null, null, null)
                    .getJavaFileObjectsFromPaths(sources))
            .call();
    if (!compiled) {
      throw new AssertionError(messages + "\n" + snippets);
    }
    // Stays open: the class loads others while it runs.
    ClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL()});
    List<Block> compiledBlocks = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      Class<?> type = Class.forName(classes.get(i), true, loader);
      if (type.getSimpleName().equals("Snippets")) {
        Method method = method(type, "block" + i);
        compiledBlocks.add(given -> method.invoke(null, given));
      } else {
        Method main = method(type, "main");
        compiledBlocks.add(given -> main.invoke(null, (Object) new String[0]));
      }
    }
    return compiledBlocks;
  }

  private static Method method(Class<?> type, String name) {
    return Arrays.stream(type.getDeclaredMethods())
        .filter(method -> method.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }

  /** A compiled block. */
  @FunctionalInterface
  public interface Block {

    /**
     * Runs it.
     *
     * @param given a value for each parameter
     * @throws Exception what it throws
     */
    void run(Object... given) throws Exception;
  }
}
