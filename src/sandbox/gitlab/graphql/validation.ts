import {
  type ASTVisitor,
  type DocumentNode,
  FieldsOnCorrectTypeRule,
  GraphQLError,
  type GraphQLSchema,
  KnownArgumentNamesRule,
  specifiedRules,
  validate,
  type ValidationContext,
} from 'graphql';

/** GitLab tells no more mistakes of one query. */
const MOST_TOLD = 5;

/** What is wrong with a query, in the words of GitLab, whose library is another one. */
export function mistakesOf(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
  const others = specifiedRules.filter(
    (rule) => rule !== FieldsOnCorrectTypeRule && rule !== KnownArgumentNamesRule,
  );
  const rules = [fieldsExist, argumentsAreAccepted, ...others];
  return validate(schema, document, rules).slice(0, MOST_TOLD);
}

function fieldsExist(context: ValidationContext): ASTVisitor {
  return {
    Field(node) {
      const type = context.getParentType();
      if (type == null || context.getFieldDef() != null) return;
      const field = node.name.value;
      context.reportError(
        new GraphQLError(`Field '${field}' doesn't exist on type '${type.name}'`, {
          nodes: node,
          extensions: { code: 'undefinedField', typeName: type.name, fieldName: field },
        }),
      );
    },
  };
}

function argumentsAreAccepted(context: ValidationContext): ASTVisitor {
  return {
    Argument(node) {
      const field = context.getFieldDef();
      if (field == null || context.getArgument() != null) return;
      const argument = node.name.value;
      context.reportError(
        new GraphQLError(`Field '${field.name}' doesn't accept argument '${argument}'`, {
          nodes: node,
          extensions: {
            code: 'argumentNotAccepted',
            name: field.name,
            typeName: 'Field',
            argumentName: argument,
          },
        }),
      );
    },
  };
}
