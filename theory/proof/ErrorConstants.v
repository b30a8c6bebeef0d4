(** * The constants of the error bound

    They are defined in [Vocabulary.v], by recursion on [t] from eight numbers; here they are shown to
    be non-negative and to grow with [t].
    Their meaning is explained at the head of [ErrorBound.v]. *)
From Coq Require Import Reals Lra Lia.
From CEP Require Export Vocabulary.
Set Implicit Arguments.
Open Scope R_scope.

(** ** The constants are non-negative and grow with t *)
Section Monotone.
Variable d : problem_data.
Hypothesis Hd : nonnegative d.
Local Notation E := (state_error d).
Local Notation Y := (param_size d).
Local Notation U := (linear_size d).
Local Notation X := (state_size d).

Lemma U_next t : U (1 + t) = norm_J d * U t + norm_grad d.
Proof. reflexivity. Qed.
Lemma E_next t : E (1 + t) = remainder_F d * (X t + Y t) ^ 2 + norm_J d * E t + norm_B d * Y t + lipschitz_grad d * X t.
Proof. reflexivity. Qed.
Lemma Y_next t : Y (1 + t) = Y t + (norm_C d * (X t + X (1 + t)) + 2 * remainder_Phi_theta d * (X t + X (1 + t) + Y t) ^ 2).
Proof. reflexivity. Qed.
Lemma U_pos t : 0 <= U t.
Proof.
destruct Hd as [? [? [? [? [? [? [? ?]]]]]]]. induction t as [|t IH]; simpl. lra.
apply Rplus_le_le_0_compat; auto. now apply Rmult_le_pos.
Qed.
Lemma EY_pos t : 0 <= E t /\ 0 <= Y t.
Proof.
destruct Hd as [? [? [? [? [? [? [? ?]]]]]]]. induction t as [|t [I1 I2]].
- unfold state_error, param_size; simpl. lra.
- assert (Hx : 0 <= X t) by (unfold state_size; generalize (U_pos t); lra).
  assert (He : 0 <= E (1 + t)).
  { rewrite E_next. repeat apply Rplus_le_le_0_compat; apply Rmult_le_pos; auto; apply pow2_ge_0. }
  assert (Hx' : 0 <= X (1 + t)) by (unfold state_size; generalize (U_pos (1 + t)); lra).
  split. exact He. change (S t) with (1 + t)%nat. rewrite Y_next.
  assert (0 <= norm_C d * (X t + X (1 + t))) by (apply Rmult_le_pos; auto; lra).
  assert (0 <= 2 * remainder_Phi_theta d * (X t + X (1 + t) + Y t) ^ 2) by (apply Rmult_le_pos; [lra | apply pow2_ge_0]). lra.
Qed.
Lemma X_pos t : 0 <= X t.
Proof. unfold state_size. generalize (U_pos t) (proj1 (EY_pos t)). lra. Qed.
Lemma sq_mono a b : 0 <= a -> a <= b -> a ^ 2 <= b ^ 2.
Proof. intros. simpl. nra. Qed.
Lemma Y_step t : Y t <= Y (1 + t).
Proof.
destruct Hd as [? [? [? [? [? [? [? ?]]]]]]]. rewrite Y_next.
assert (0 <= norm_C d * (X t + X (1 + t))) by (apply Rmult_le_pos; auto; generalize (X_pos t) (X_pos (1 + t)); lra).
assert (0 <= 2 * remainder_Phi_theta d * (X t + X (1 + t) + Y t) ^ 2) by (apply Rmult_le_pos; [lra | apply pow2_ge_0]). lra.
Qed.
Lemma UE_step t : U t <= U (1 + t) /\ E t <= E (1 + t).
Proof.
destruct Hd as [? [? [? [? [? [? [? ?]]]]]]]. induction t as [|t [I1 I2]].
- split. simpl. lra. exact (proj1 (EY_pos 1)).
- assert (HX : X t <= X (1 + t)) by (unfold state_size; lra).
  assert (HY := Y_step t). generalize (X_pos t) (proj2 (EY_pos t)). intros.
  split.
  + rewrite (U_next (S t)). change (S t) with (1 + t)%nat. rewrite (U_next t) at 1. apply Rplus_le_compat_r. now apply Rmult_le_compat_l.
  + rewrite (E_next (S t)). change (S t) with (1 + t)%nat. rewrite (E_next t) at 1.
    repeat apply Rplus_le_compat; apply Rmult_le_compat_l; auto. apply sq_mono; lra.
Qed.
Lemma X_step t : X t <= X (1 + t).
Proof. unfold state_size. generalize (UE_step t). lra. Qed.
Lemma X_mono i t : (i <= t)%nat -> X i <= X t.
Proof. induction 1. lra. eapply Rle_trans. exact IHle. apply X_step. Qed.
Lemma Y_mono i t : (i <= t)%nat -> Y i <= Y t.
Proof. induction 1. lra. eapply Rle_trans. exact IHle. apply Y_step. Qed.
Lemma validity_radius_pos t : 0 < validity_radius d t.
Proof.
unfold validity_radius. apply Rmin_case. lra.
destruct Hd as [? [? [? [? [? [? [? ?]]]]]]]. apply Rdiv_lt_0_compat; auto.
generalize (X_pos (1 + t)) (proj2 (EY_pos t)). lra.
Qed.
(** Within the validity radius the second phase stays in the ball. *)
Lemma stays_in_ball t eps x : 0 <= eps <= validity_radius d t -> 0 <= x -> x <= X (1 + t) \/ x <= Y t -> eps * x <= radius d.
Proof.
intros [H0 H1] Hx Hb. assert (HX := X_pos (1 + t)). assert (HY := proj2 (EY_pos t)).
assert (Hr : 0 < radius d) by apply Hd.
assert (H2 : eps <= radius d / (1 + X (1 + t) + Y t)) by (eapply Rle_trans; [exact H1 | apply Rmin_r]).
apply Rle_trans with (radius d / (1 + X (1 + t) + Y t) * (1 + X (1 + t) + Y t)).
apply Rmult_le_compat; lra. right; field; lra.
Qed.
End Monotone.
