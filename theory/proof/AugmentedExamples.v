(** * The augmented primitive function on concrete networks

    Two networks that meet the hypotheses of [AugmentedPrimitive.v], and one that shows why
    [Phi] has to be affine in [theta]. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Network AugmentedGradient AugmentedPrimitive.
From CEP Require Import Examples.
From CEP Require Pinned.
Set Implicit Arguments.
Open Scope R_scope.

Lemma phi_differentiable_of (N : network) :
  (forall z : joint N, exists DPhi, filterdiff (U := joint N) (V := Param N) (Phi_theta N) (locally z) DPhi) -> phi_differentiable N.
Proof.
intros H s. destruct (H (s, zero)) as [D HD].
exists (fun h => D (h, zero)).
exact (@filterdiff_comp' R_AbsRing (State N) (joint N) (Param N) (fun s => (s, zero)) (Phi_theta N) s _ D
  (filterdiff_pair (filterdiff_id (locally s)) (filterdiff_const (zero : Param N))) HD).
Qed.

Theorem layered_meets_augmented_hypotheses : Pinned.layered_meets_augmented_hypotheses.
Proof.
split; [|split; [exact layered_Phi | split; [exact (phi_differentiable_of layered layered_Phi_theta) | exact (bounded_inner_product_Rn 1)]]].
intros [h o] [w b].
change (/ 4 * (h * h) + / 4 * (o * o) + w * (h * o) + b * h =
  / 4 * (h * h) + / 4 * (o * o) + 0 * (h * o) + 0 * h + (h * o * w + h * b)). ring.
Qed.

Theorem sine_meets_augmented_hypotheses : Pinned.sine_meets_augmented_hypotheses.
Proof.
split; [|split; [exact sine_Phi | split; [exact (phi_differentiable_of sine sine_Phi_theta) | exact bounded_inner_product_R]]].
intros s th. change (/ 4 * (s * s) + th * sin s = / 4 * (s * s) + 0 * sin s + sin s * th). ring.
Qed.

(** ** Without affinity: one unit with [Phi = theta^2 s / 2], at rest in [s = 1/2], [theta = 1] *)

(** The function augmented at [theta = 1] with [kappa = 1] has the gradient [s -> s]; after two
    steps at [beta = eta = 1] EP in it is at [0], and C-EP at [1/8]. *)
Theorem affine_is_needed : Pinned.affine_is_needed.
Proof.
split; [|split; [|split]].
- change (1 * 1 / 2 = 1 / 2). field.
- intros s.
  assert (D : is_derive (fun x : R => 1 * 1 * x / 2 + (1 * x - 1 * (1 / 2)) ^ 2 / 2) s s).
  { auto_derive. exact I. field. }
  unfold is_derive in D. unfold is_gradient. eapply filterdiff_ext_lin. exact D.
  intros y. apply Rmult_comm.
- change ((1 / 2 + - (1 * (1 / 2 - 0))) + - (1 * ((1 / 2 + - (1 * (1 / 2 - 0))) - 0)) = 0). field.
- unfold cep, nudged_phase, nudged_step, ep_rule. cbn [squared_bias F grad_ell Phi_theta s_star theta fst snd].
  unfold minus, plus, opp, scal; simpl. unfold minus, plus, opp, scal, mult; simpl. field.
Qed.
